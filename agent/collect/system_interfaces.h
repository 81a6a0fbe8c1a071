// SPDX-License-Identifier: Apache-2.0
/* Network interfaces, from /proc/net/dev. */
#pragma once

#include "collect/proc_file.h"
#include "collect/series.h"

#define SYSTEM_MAX_INTERFACES 256
#define SYSTEM_INTERFACE_NAME 32

struct interface {
	char name[SYSTEM_INTERFACE_NAME];
	struct series series;
	bool seen; /* in the newest reading */
};

struct system_interfaces {
	int netdev_fd;
	size_t count;
	struct interface list[SYSTEM_MAX_INTERFACES];
};

/* Opens the file. */
void system_interfaces_open(struct system_interfaces *s, struct probe_state *state);

/* Reads all interfaces. text is scratch. */
void system_interfaces_read(struct system_interfaces *s, struct buf *text);

/* Adds a row for each interface that was read. */
void system_interfaces_emit(const struct system_interfaces *s, struct builder *b,
			    uint64_t length_ns);

/* Closes the file. */
void system_interfaces_close(struct system_interfaces *s);
