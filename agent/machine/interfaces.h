// SPDX-License-Identifier: Apache-2.0
/* Network interfaces: traffic from /proc/net/dev, link and speed from /sys/class/net. */
#pragma once

#include "machine/proc_file.h"
#include "snapshot/series.h"

#define SYSTEM_MAX_INTERFACES 1024
#define SYSTEM_INTERFACE_NAME 32

struct interface {
	char name[SYSTEM_INTERFACE_NAME];
	bool seen;		  /* in the newest reading */
	int up;			  /* 1, 0, or -1 when not known */
	uint64_t bits_per_second; /* 0 when not known */
	struct series series;
};

struct system_interfaces {
	int netdev_fd;
	int sys_fd;	   /* /sys/class/net: interfaces come and go, so their files are not kept */
	unsigned round;	   /* counts the readings */
	uint64_t left_out; /* interfaces that found no room, summed over all readings */
	size_t count, hint;	/* hint: where the next line's interface stands, most likely */
	struct interface *list; /* SYSTEM_MAX_INTERFACES of them, owned */
};

/* Opens the files. Returns 0 or -ENOMEM. */
int system_interfaces_open(struct system_interfaces *s, struct probe_state *state);

/* Reads all interfaces. text is scratch. */
void system_interfaces_read(struct system_interfaces *s, struct buf *text);

/* Adds a row for each interface that was read. */
void system_interfaces_emit(const struct system_interfaces *s, struct builder *b,
			    uint64_t length_ns);

/* Closes the files and frees. */
void system_interfaces_close(struct system_interfaces *s);
