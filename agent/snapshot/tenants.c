// SPDX-License-Identifier: Apache-2.0
#include "snapshot/tenants.h"

#include <string.h>

bool tenant_name_valid(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789-_.");

	return len > 0 && len < TENANT_MAX_BYTES && name[len] == '\0';
}

const char *tenants_next(const struct tenants *t, const char *at)
{
	at = at ? at + strlen(at) + 1 : t->names;
	return *at ? at : NULL;
}

bool tenants_add(struct tenants *t, const char *name)
{
	size_t used = 0, len = strlen(name);

	if (!tenant_name_valid(name))
		return false;
	t->limited = true;
	for (const char *at = NULL; (at = tenants_next(t, at));) {
		if (strcmp(at, name) == 0)
			return true;
		used = (size_t)(at - t->names) + strlen(at) + 1;
	}
	if (used + len + 2 > sizeof(t->names))
		return false;
	memcpy(t->names + used, name, len + 1);
	return true;
}

bool tenants_allow(const struct tenants *t, const char *name)
{
	if (!t->limited)
		return true;
	for (const char *at = NULL; (at = tenants_next(t, at));)
		if (strcmp(at, name) == 0)
			return true;
	return false;
}

const char *tenant_of_row(const struct snapshot *s, enum scope scope,
			  const struct snapshot_row *row)
{
	if (scope == SCOPE_PROCESS)
		return snapshot_label_string(s, row, scope, LABEL_PROCESS_namespace);
	if (scope == SCOPE_OOM_KILL)
		return snapshot_label_string(s, row, scope, LABEL_OOM_KILL_namespace);
	if (scope != SCOPE_GROUP)
		return "";
	if (strcmp(snapshot_label_string(s, row, scope, LABEL_GROUP_kind), "tenant") == 0)
		return snapshot_label_string(s, row, scope, LABEL_GROUP_name);
	return snapshot_label_string(s, row, scope, LABEL_GROUP_namespace);
}
