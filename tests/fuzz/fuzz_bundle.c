// SPDX-License-Identifier: Apache-2.0
/* Any bytes as a bundle: each entry's text ends with a NUL inside the block. */
#include <stdlib.h>
#include <string.h>

#include "link/bundle.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	char *block = malloc(size ? size : 1); /* exact: a sanitizer sees a read behind it */
	const char *name, *text;
	size_t at = 0, len;

	if (size)
		memcpy(block, data, size);
	while (bundle_next(block, size, &at, &name, &text, &len) == 1)
		if (strlen(name) > size || text[len] != '\0')
			abort();
	free(block);
	return 0;
}
