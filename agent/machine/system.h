// SPDX-License-Identifier: Apache-2.0
/* The machine, from /proc: each part has a file of its own, system_cpu.c and so on. */
#pragma once

#include "machine/cpu.h"
#include "machine/disks.h"
#include "machine/filesystems.h"
#include "machine/interfaces.h"
#include "machine/load.h"
#include "machine/memory.h"
#include "machine/tcp.h"
#include "snapshot/series.h"

/* Index of an input of the machine in its series. */
#define SYSTEM_INPUT(id) (INPUT_SYSTEM_##id - INPUT_FIRST_SYSTEM)

struct system {
	bool opened;
	struct series machine;
	struct system_cpu cpu;
	struct system_memory memory;
	struct system_load load;
	struct system_tcp tcp;
	struct system_disks disks;
	struct system_filesystems filesystems;
	struct system_interfaces interfaces;
	struct buf text; /* scratch for whole files */
};

/* Opens what there is; what is missing stands in states. Returns 0 or -ENOMEM. */
int system_open(struct system *s, struct probe_state states[PROVIDERS]);

/* Reads everything once, but the filesystems. */
void system_read(struct system *s);

/*
 * Asks the filesystems, at the end of a window. Not to be called before the agent has given up its
 * privileges: a thread that was started with them would keep them.
 */
void system_ask(struct system *s);

/* Adds the rows of the machine, its cores, disks, filesystems and interfaces. */
void system_emit(struct system *s, struct builder *b, uint64_t length_ns);

/* Disks, filesystems and interfaces that found no room in a table, for ever. */
uint64_t system_left_out(const struct system *s);

/* Closes the files and frees; one that was never opened is fine. */
void system_close(struct system *s);
