// SPDX-License-Identifier: Apache-2.0
/* The mounted filesystems, out of /proc/PID/mountinfo: see proc_pid_mountinfo(5). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mount {
	uint64_t id;
	uint32_t device; /* major << 20 | minor; one for all mounts of a filesystem */
	bool whole;	 /* its root is the filesystem's, and not a directory bound from it */
	char *point;	 /* where it is mounted */
	char *type;
	char *source; /* the device, or what the filesystem says instead */
};

struct mounts {
	struct mount *list; /* owned; the texts point into the file's */
	size_t count;
};

/*
 * Lists the filesystems of a file, each once: the kernel's own (proc, cgroup, ...) and images that
 * are always full (squashfs, ...) are left out, so are the roots and secrets of containers, mounts
 * under others on the same place, and all but one mount of the same device. The text is changed,
 * and must outlive the list. Returns 0 or -ENOMEM.
 */
int mounts_parse(struct mounts *ret, char *text);

/* Frees the list. */
void mounts_free(struct mounts *m);
