// SPDX-License-Identifier: Apache-2.0
/* Tenants outside Kubernetes: which part of the cgroup tree is whose. */
#pragma once

#include <stddef.h>

#define TENANCY_MAX 64

struct tenancy {
	char *text; /* owned; the two arrays point into it */
	const char *names[TENANCY_MAX];
	const char *globs[TENANCY_MAX]; /* of cgroup paths */
	size_t count;
};

/*
 * Reads "shop=/shop.slice* lab=/lab*": a name and a glob of cgroup paths each,
 * apart by blanks. Returns 0, or -1 with one line in error (size bytes).
 */
int tenancy_parse(struct tenancy *t, const char *text, char *error, size_t size);

/* The tenant whose glob is the first to match; NULL when none does. */
const char *tenancy_find(const struct tenancy *t, const char *path);

/* Frees; one of all zeros is fine. */
void tenancy_free(struct tenancy *t);
