// SPDX-License-Identifier: Apache-2.0
#include "serve/assets.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <zlib.h>

#define INDEX "index.html"

#define ASSET(symbol, file, type) \
	extern const unsigned char asset_##symbol##_start[], asset_##symbol##_end[];
#include "serve/assets.def"
#undef ASSET

static const struct {
	const char *name, *type;
	const unsigned char *start, *end;
} files[] = {
#define ASSET(symbol, file, type) {file, type, asset_##symbol##_start, asset_##symbol##_end},
#include "serve/assets.def"
#undef ASSET
};

#define FILES (sizeof(files) / sizeof(*files))

/* FNV-1a, 64 bits: tells two builds apart. */
static uint64_t hash_of(const unsigned char *bytes, size_t len)
{
	uint64_t hash = 14695981039346656037ULL;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ bytes[i]) * 1099511628211ULL;
	return hash;
}

const struct asset *asset_find(const char *name)
{
	static struct asset assets[FILES];

	if (!*name)
		name = INDEX;
	for (size_t i = 0; i < FILES; i++) {
		struct asset *a = &assets[i];

		if (strcmp(files[i].name, name) != 0)
			continue;
		if (a->name)
			return a;
		a->type = files[i].type;
		a->bytes = files[i].start;
		a->len = (size_t)(files[i].end - files[i].start);
		snprintf(a->etag, sizeof(a->etag), "\"%016llx\"",
			 (unsigned long long)hash_of(a->bytes, a->len));
		a->name = files[i].name;
		return a;
	}
	return NULL;
}

int asset_unpack(const struct asset *asset, struct buf *out)
{
	z_stream z = {.next_in = (unsigned char *)asset->bytes, .avail_in = (uInt)asset->len};
	int result = inflateInit2(&z, 15 + 16);

	while (result == Z_OK) {
		char *to = buf_reserve(out, 16384);

		if (!to)
			break;
		z.next_out = (unsigned char *)to;
		z.avail_out = 16384;
		result = inflate(&z, Z_NO_FLUSH);
		out->len += 16384 - z.avail_out;
	}
	inflateEnd(&z);
	return result == Z_STREAM_END ? 0 : -1;
}
