// SPDX-License-Identifier: Apache-2.0
/*
 * Named texts in one block: how the collector hands the server what only root
 * may read (configuration, keys, rules).
 */
#pragma once

#include <stddef.h>

#include "base/buf.h"

/* Appends an entry. */
void bundle_add(struct buf *bundle, const char *name, const char *bytes, size_t len);

/*
 * Steps through a bundle of size bytes: *at begins at 0. Returns 1 with the entry
 * (name NUL-terminated; text followed by a NUL), 0 at the end, -1 when the bytes are no bundle.
 */
int bundle_next(const char *bundle, size_t size, size_t *at, const char **name, const char **text,
		size_t *len);
