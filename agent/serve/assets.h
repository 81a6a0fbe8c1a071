// SPDX-License-Identifier: Apache-2.0
/* The dashboard's files, in memory, gzipped. */
#pragma once

#include <stddef.h>

#include "base/buf.h"

struct asset {
	const char *name;
	const char *type;
	const unsigned char *bytes; /* gzip */
	size_t len;
	char etag[24]; /* strong, with its quotes */
};

/* The file of that name ("" is the page itself); NULL when there is none. */
const struct asset *asset_find(const char *name);

/* Appends the unpacked file, for the client that takes no gzip. Returns 0, or -1 when it does not
 * unpack. */
int asset_unpack(const struct asset *asset, struct buf *out);
