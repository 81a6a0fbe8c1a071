// SPDX-License-Identifier: Apache-2.0
/* Any text as a configuration: refused with a line, or printed so that it reads back. */
#include <stdlib.h>

#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config config;
	struct config_error error;
	struct buf out = {0};

	config_init(&config);
	if (config_parse(&config, "fuzz", (const char *)data, size, &error) == 0) {
		config_print(&config, &out);
		if (config_parse(&config, "printed", out.data, out.len, &error))
			abort();
	}
	buf_free(&out);
	config_free(&config);
	return 0;
}
