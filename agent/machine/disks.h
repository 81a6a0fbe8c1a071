// SPDX-License-Identifier: Apache-2.0
/*
 * Block devices: their traffic, and how busy they were, from /proc/diskstats, and
 * the latency of their requests from the BPF probe. Devices that make no requests
 * of their own, as those of the device mapper, have no latency but the mean.
 */
#pragma once

#include "base/table.h"
#include "machine/histogram.h"
#include "machine/proc_file.h"
#include "records.h"
#include "snapshot/series.h"

#define SYSTEM_MAX_DISKS 1024

struct disk {
	uint32_t device; /* major << 20 | minor */
	char name[RECORD_DISK_NAME_LENGTH];
	bool seen;		     /* in the newest reading */
	bool counted;		     /* the kernel was told to count its traffic */
	bool traced;		     /* the probe told of it in this window */
	struct histogram *histogram; /* owned; NULL until the probe sees a request */
	struct series series;
};

struct system_disks {
	int diskstats_fd;
	unsigned round;	    /* number of the newest reading, from 1 */
	struct table table; /* struct disk, by device; owned */
	uint64_t left_out;  /* devices that found no room, for ever */
};

/* Opens /proc/diskstats. */
void system_disks_open(struct system_disks *d, struct probe_state *state);

/* Reads all devices that ever did I/O. text is scratch. */
void system_disks_read(struct system_disks *d, struct buf *text);

/*
 * Takes what the probe counted, after system_disks_read(). Returns false when the device is gone,
 * and what was counted of it can be forgotten.
 */
bool system_disks_trace(struct system_disks *d, uint32_t device, const struct disk_counters *c);

/* Adds a row for each device that was read. */
void system_disks_emit(const struct system_disks *d, struct builder *b, uint64_t length_ns);

/* Closes the file and frees. */
void system_disks_close(struct system_disks *d);
