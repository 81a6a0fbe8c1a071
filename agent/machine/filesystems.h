// SPDX-License-Identifier: Apache-2.0
/* The mounted filesystems and how full they are; one that does not answer holds nothing up. */
#pragma once

#include "machine/asker.h"
#include "machine/mounts.h"
#include "machine/proc_file.h"
#include "snapshot/series.h"

#define SYSTEM_MAX_FILESYSTEMS 1024

struct filesystem {
	struct asked *asked; /* owned */
	uint32_t device;
	char *source, *type; /* owned */
};

struct system_filesystems {
	int mountinfo_fd;
	int root_fd;	      /* mount points are relative to it */
	struct asker *asker;  /* NULL: nothing can be asked */
	uint64_t begun_ns;    /* answers from then on are shown */
	uint64_t newest_ns;   /* when they were asked last */
	size_t count, beyond; /* those in the list, and those that found no room in it */
	uint64_t left_out;    /* sum of these over all windows */
	struct filesystem list[SYSTEM_MAX_FILESYSTEMS];
};

/*
 * Opens the mounts of the first process, which are the machine's even where the agent runs in a
 * container with the machine's process ids; without the permission, those of the agent.
 */
void system_filesystems_open(struct system_filesystems *f, struct probe_state *state);

/* Opens those of a process, named as in "/proc/self". Returns 0 or a negative errno. */
int system_filesystems_open_process(struct system_filesystems *f, const char *process,
				    asker_call *call);

/*
 * Asks them all; takes up to ASKER_WAIT_ALL_MS when one does not answer. It starts threads, which
 * have the capabilities that the agent has then. text is scratch.
 */
void system_filesystems_ask(struct system_filesystems *f, struct buf *text);

/* Adds a row for each: with its numbers, or with the reason why there are none. */
void system_filesystems_emit(const struct system_filesystems *f, struct builder *b);

/* Closes the files and frees. */
void system_filesystems_close(struct system_filesystems *f);
