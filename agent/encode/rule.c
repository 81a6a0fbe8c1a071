// SPDX-License-Identifier: Apache-2.0
/* Alert rules. */
#include "base/clock.h"
#include "encode/encode.h"
#include "encode/writer.h"

static void add_match(struct buf *b, const struct rule *rule)
{
	encode_member(b, "match");
	buf_add_char(b, '{');
	for (size_t i = 0; i < rule->match_count; i++)
		encode_member_string(b, catalogue_labels[rule->matches[i].label].name,
				     rule->matches[i].glob);
	buf_add_char(b, '}');
}

void encode_rule(struct buf *b, const struct rule *rule)
{
	const struct metric_info *metric = &catalogue_metrics[rule->metric];

	buf_add_char(b, '{');
	encode_member_string(b, "name", rule->name);
	encode_member_string(b, "severity", severity_name(rule->severity));
	encode_member_string(b, "scope", catalogue_scopes[rule->scope].name);
	encode_member_string(b, "metric", metric->path);
	encode_member_string(b, "unit", catalogue_unit_name(metric->unit));
	encode_member_string(b, "op", rule_op_text(rule->op));
	encode_member_real(b, "value", rule->value);
	encode_member_real(b, "clear", rule->clear);
	encode_member_real(b, "for_seconds", (double)rule->for_ns / (double)NS_PER_SECOND);
	add_match(b, rule);
	if (rule->message)
		encode_member_string(b, "message", rule->message);
	if (rule->runbook)
		encode_member_string(b, "runbook", rule->runbook);
	buf_add_char(b, '}');
}
