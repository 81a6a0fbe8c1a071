// SPDX-License-Identifier: Apache-2.0
/* Any text as a rule file. */
#include "alert/rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rule_set *rules = rule_set_default();
	char error[512];

	if (rules)
		rule_set_parse(rules, "fuzz", (const char *)data, size, error, sizeof(error));
	rule_set_free(rules);
	return 0;
}
