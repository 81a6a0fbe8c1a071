// SPDX-License-Identifier: Apache-2.0
#include "link/bundle.h"

#include <stdint.h>
#include <string.h>

/* Each entry: two lengths, then name and text, each with a NUL. */
struct entry {
	uint32_t name_len;
	uint32_t text_len;
};

void bundle_add(struct buf *bundle, const char *name, const char *bytes, size_t len)
{
	struct entry e = {(uint32_t)strlen(name), (uint32_t)len};

	buf_add(bundle, &e, sizeof(e));
	buf_add(bundle, name, e.name_len + 1);
	buf_add(bundle, bytes, len);
	buf_add_char(bundle, '\0');
}

int bundle_next(const char *bundle, size_t size, size_t *at, const char **name, const char **text,
		size_t *len)
{
	struct entry e;
	size_t left = size - *at;

	if (*at == size)
		return 0;
	if (*at > size || left < sizeof(e))
		return -1;
	memcpy(&e, bundle + *at, sizeof(e));
	left -= sizeof(e);
	if (left < 2 || e.name_len > left - 2 || e.text_len > left - 2 - e.name_len)
		return -1;

	const char *start = bundle + *at + sizeof(e);

	if (start[e.name_len] != '\0' || start[e.name_len + 1 + e.text_len] != '\0' ||
	    strlen(start) != e.name_len)
		return -1;
	*name = start;
	*text = start + e.name_len + 1;
	*len = e.text_len;
	*at += sizeof(e) + e.name_len + e.text_len + 2;
	return 1;
}
