// SPDX-License-Identifier: Apache-2.0
/* Any text as a rule file, on top of nothing and, now and then, of the built-in rules. */
#include <stdlib.h>
#include <string.h>

#include "alert/rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rule_set *rules = size % 64 ? calloc(1, sizeof(*rules)) : rule_set_default();
	size_t before = rules ? rules->count : 0;
	char error[512] = "";

	if (!rules)
		return 0;
	if (rule_set_parse(rules, "fuzz", (const char *)data, size, error, sizeof(error)) < 0 &&
	    (rules->count != before || strncmp(error, "fuzz:", 5) != 0))
		abort();
	rule_set_free(rules);
	return 0;
}
