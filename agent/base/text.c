// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include <string.h>

#define DISTANCE_LONGEST 63

static size_t smallest(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

size_t text_distance(const char *a, const char *b)
{
	size_t row[DISTANCE_LONGEST + 1];
	size_t length_a = strlen(a), length_b = strlen(b);

	if (length_a > DISTANCE_LONGEST || length_b > DISTANCE_LONGEST)
		return SIZE_MAX;
	for (size_t j = 0; j <= length_b; j++)
		row[j] = j;
	for (size_t i = 1; i <= length_a; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= length_b; j++) {
			size_t above = row[j];
			size_t replace = diagonal + (a[i - 1] != b[j - 1]);

			row[j] = smallest(above + 1, row[j - 1] + 1, replace);
			diagonal = above;
		}
	}
	return row[length_b];
}

const char *text_nearest(const char *name, const char *const *names, size_t count)
{
	const char *best = NULL;
	size_t best_distance = TEXT_NEAR_ENOUGH + 1;

	for (size_t i = 0; i < count; i++) {
		size_t distance = text_distance(name, names[i]);

		if (distance < best_distance) {
			best_distance = distance;
			best = names[i];
		}
	}
	return best;
}

bool text_glob(const char *glob, const char *text)
{
	const char *star = NULL, *retry = NULL;

	while (*text) {
		if (*glob == '*') {
			star = ++glob;
			retry = text;
		} else if (*glob == '?' || *glob == *text) {
			glob++;
			text++;
		} else if (star) {
			glob = star;
			text = ++retry;
		} else {
			return false;
		}
	}
	while (*glob == '*')
		glob++;
	return *glob == '\0';
}

bool text_u64(const char *text, uint64_t *ret)
{
	uint64_t value = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		unsigned digit = (unsigned char)*text - (unsigned)'0';

		if (digit > 9 || value > (UINT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*ret = value;
	return true;
}

bool text_copy(char *to, size_t size, const char *text)
{
	size_t len = strnlen(text, size);
	bool whole = len < size;

	if (!whole)
		len = size - 1;
	memcpy(to, text, len);
	to[len] = '\0';
	return whole;
}
