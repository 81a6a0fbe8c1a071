// SPDX-License-Identifier: Apache-2.0
/* Names for numbers: users by uid, cgroups (unit, container, pod) by cgroup id. Caches are bounded.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/table.h"
#include "collect/cgroup.h"
#include "collect/tenancy.h"

#define IDENTITY_MAX_USERS 4096
#define IDENTITY_MAX_CGROUPS 65536

/* Windows for which a cgroup, and its groups, are kept without a process. */
#define IDENTITY_KEPT_WINDOWS 24

/* The id of a hierarchy's root: kernfs numbers its nodes from 1. */
#define IDENTITY_ROOT_CGROUP 1

struct identity {
	struct table users;	       /* char *, owned */
	struct table cgroups;	       /* struct cgroup, owned */
	const struct tenancy *tenancy; /* tenants outside Kubernetes; NULL: none */
	bool cgroup_v1;
	bool scan_wanted; /* a cgroup could not be told since the newest scan */
};

/* Begins with empty caches. */
void identity_init(struct identity *id);

/* Name of a user; NULL when the system knows none. */
const char *identity_user(struct identity *id, uint32_t uid);

/*
 * The cgroup of a living process, by id from the cache or from /proc/PID/cgroup. NULL when it
 * cannot be told: the process is gone, or the cache is full.
 */
struct cgroup *identity_cgroup(struct identity *id, uint64_t cgroup_id, uint32_t pid);

/* Keeps the path of a cgroup that has just begun, before a process is asked for it. */
void identity_learn(struct identity *id, uint64_t cgroup_id, const char *path, uint64_t window);

/*
 * Looks for cgroups in /sys/fs/cgroup where one was asked for that could not be told: its process
 * was gone already. The number of a folder there is the id of its cgroup.
 */
void identity_scan(struct identity *id, uint64_t window);

/* A cgroup that is known; NULL when it is not. */
struct cgroup *identity_known(const struct identity *id, uint64_t cgroup_id);

/* Lets go of cgroups without a process for IDENTITY_KEPT_WINDOWS. */
void identity_sweep(struct identity *id, uint64_t window);

/* Frees both caches; what they gave out is gone with them. */
void identity_free(struct identity *id);
