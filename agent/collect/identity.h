// SPDX-License-Identifier: Apache-2.0
/* Names for numbers: users by uid, cgroups (unit, container, pod) by cgroup id. Caches are bounded.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/table.h"

#define IDENTITY_MAX_USERS 4096
#define IDENTITY_MAX_CGROUPS 65536

/* What a cgroup path tells; strings are owned, NULL when the path does not have them. */
struct cgroup {
	char *path;
	char *unit;
	char *container; /* the runtime's id, 12 digits */
	char *pod;	 /* the pod's uid */
};

struct identity {
	struct table users;   /* char *, owned */
	struct table cgroups; /* struct cgroup, owned */
	bool cgroup_v1;
};

/* Begins with empty caches. */
void identity_init(struct identity *id);

/* Name of a user; NULL when the system knows none. */
const char *identity_user(struct identity *id, uint32_t uid);

/*
 * The cgroup of a living process, by id from the cache or from /proc/PID/cgroup. NULL when it
 * cannot be told: the process is gone, or the cache is full.
 */
const struct cgroup *identity_cgroup(struct identity *id, uint64_t cgroup_id, uint32_t pid);

/* Reads unit, container and pod out of a path. Returns false without memory. */
bool cgroup_parse(struct cgroup *ret, const char *path);

/* Frees the strings of a cgroup. */
void cgroup_clear(struct cgroup *c);

/* Frees both caches; what they gave out is gone with them. */
void identity_free(struct identity *id);
