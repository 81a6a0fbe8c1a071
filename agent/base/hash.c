// SPDX-License-Identifier: Apache-2.0
#include "base/hash.h"

static uint64_t fnv1a(const uint8_t *at, size_t count, int step)
{
	uint64_t hash = 0xcbf29ce484222325ULL;

	for (; count; count--, at += step)
		hash = (hash ^ *at) * 0x100000001b3ULL;
	return hash;
}

struct hash_pair hash_bytes(const void *bytes, size_t count)
{
	const uint8_t *first = bytes;

	if (!count)
		return (struct hash_pair){0};
	return (struct hash_pair){fnv1a(first, count, 1), fnv1a(first + count - 1, count, -1)};
}
