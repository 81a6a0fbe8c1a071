// SPDX-License-Identifier: Apache-2.0
/*
 * Tenants: whose rows a reader may see. A tenant is a Kubernetes namespace.
 * Plain bytes without pointers, so that it can be copied and compared.
 */
#pragma once

#include <stdbool.h>

#include "snapshot/snapshot.h"

#define TENANT_MAX_BYTES 64   /* of a name, with its NUL */
#define TENANTS_MAX_BYTES 512 /* of all names */

/* Starts as zeros: no limit. */
struct tenants {
	bool limited;		       /* to those that follow, which may be none */
	char names[TENANTS_MAX_BYTES]; /* each with its NUL; an empty one ends them */
};

/* True for what can be a tenant's name: letters, digits, '-', '_' and '.', at most 63. */
bool tenant_name_valid(const char *name);

/* Adds a name, and limits to the names. False when it is none or does not fit. */
bool tenants_add(struct tenants *t, const char *name);

/* Steps through the names: *at begins as NULL. NULL at the end. */
const char *tenants_next(const struct tenants *t, const char *at);

/* True when a reader may see what belongs to this tenant; "" belongs to none. */
bool tenants_allow(const struct tenants *t, const char *name);

/* The tenant of a row of a process, group or OOM kill; "" when it has none, and for all other
 * scopes.
 */
const char *tenant_of_row(const struct snapshot *s, enum scope scope,
			  const struct snapshot_row *row);
