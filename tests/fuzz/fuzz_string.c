// SPDX-License-Identifier: Apache-2.0
/* Any bytes as a name: out comes printable ASCII and well-formed UTF-8, between two quotes. */
#include <stdlib.h>

#include "encode/encode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf out = {0};

	encode_string(&out, (const char *)data, size);
	if (out.len < 2 || out.data[0] != '"' || out.data[out.len - 1] != '"')
		abort();
	for (size_t i = 1; i + 1 < out.len; i++) {
		unsigned char c = (unsigned char)out.data[i];

		if (c < 0x20 || c == 0x7f || c == '<' || c == '>' || c == '&' || c == 0xc0 ||
		    c == 0xc1 || c >= 0xf5)
			abort();
	}
	buf_free(&out);
	return 0;
}
