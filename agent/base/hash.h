// SPDX-License-Identifier: Apache-2.0
/* Keys for tables out of what is longer than two numbers. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* The pair of numbers that is a key of struct table. */
struct hash_pair {
	uint64_t a, b;
};

/* FNV-1a of the bytes forwards and backwards: two keys of 128 bits do not meet by chance. */
struct hash_pair hash_bytes(const void *bytes, size_t count);
