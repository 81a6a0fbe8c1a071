// SPDX-License-Identifier: Apache-2.0
/* Text helpers: what a user meant, globs, numbers. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A name this many edits away is worth proposing. */
#define TEXT_NEAR_ENOUGH 4

/*
 * Edits (insert, delete, replace one byte) that turn a into b: the Levenshtein
 * distance, by Wagner and Fischer's row method. Texts over 63 bytes count as
 * far from everything.
 */
size_t text_distance(const char *a, const char *b);

/* The nearest of the count names, NULL when none is near. */
const char *text_nearest(const char *name, const char *const *names, size_t count);

/* True when text matches the glob: * any run of bytes, ? one byte. Linear in time. */
bool text_glob(const char *glob, const char *text);

/* Reads a whole decimal number without sign. False when it is none, too large, or followed by more.
 */
bool text_u64(const char *text, uint64_t *ret);

/* Copies text to a buffer of size bytes, always with a NUL. False when it had to be cut. */
bool text_copy(char *to, size_t size, const char *text);
