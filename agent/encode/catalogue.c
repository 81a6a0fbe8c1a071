// SPDX-License-Identifier: Apache-2.0
/* The metric catalogue and alerts. */
#include <string.h>

#include "encode/encode.h"
#include "encode/writer.h"

static void add_labels(struct buf *b, const struct scope_info *scope)
{
	static const char *const types[] = {
		[LABEL_STRING] = "string", [LABEL_INTEGER] = "integer", [LABEL_FLAG] = "flag"};

	encode_member(b, "labels");
	buf_add_char(b, '[');
	for (int l = (int)scope->first_label; l < (int)scope->end_label; l++) {
		encode_comma(b);
		buf_add_char(b, '{');
		encode_member_string(b, "name", catalogue_labels[l].name);
		encode_member_string(b, "type", types[catalogue_labels[l].type]);
		encode_member_string(b, "help", catalogue_labels[l].help);
		buf_add_char(b, '}');
	}
	buf_add_char(b, ']');
}

static void add_metrics(struct buf *b, const struct scope_info *scope)
{
	encode_member(b, "metrics");
	buf_add_char(b, '[');
	for (int m = (int)scope->first_metric; m < (int)scope->end_metric; m++) {
		const struct metric_info *info = &catalogue_metrics[m];

		encode_comma(b);
		buf_add_char(b, '{');
		encode_member_string(b, "path", info->path);
		encode_member_string(b, "kind", catalogue_kind_name(info->kind));
		encode_member_string(b, "unit", catalogue_unit_name(info->unit));
		encode_member_string(
			b, "provider",
			catalogue_providers[catalogue_inputs[info->input].provider].name);
		encode_member_string(b, "help", info->help);
		buf_add_char(b, '}');
	}
	buf_add_char(b, ']');
}

void encode_catalogue(struct buf *b)
{
	buf_add_string(b, "{\"scopes\":[");
	for (int s = 0; s < SCOPES; s++) {
		encode_comma(b);
		buf_add_char(b, '{');
		encode_member_string(b, "name", catalogue_scopes[s].name);
		encode_member_string(b, "help", catalogue_scopes[s].help);
		add_labels(b, &catalogue_scopes[s]);
		add_metrics(b, &catalogue_scopes[s]);
		buf_add_char(b, '}');
	}
	buf_add_string(b, "]}");
}

static void add_alert_labels(struct buf *b, const struct alert *alert)
{
	encode_member(b, "labels");
	buf_add_char(b, '{');
	for (size_t i = 0; i < alert->label_count; i++)
		encode_member_string(b, alert->labels[i].name, alert->labels[i].value);
	buf_add_char(b, '}');
}

static void add_times(struct buf *b, const struct alert *alert)
{
	encode_member_time(b, "started_at", alert->started_wall_ms);
	if (alert->fired_wall_ms)
		encode_member_time(b, "fired_at", alert->fired_wall_ms);
	if (alert->resolved_wall_ms)
		encode_member_time(b, "resolved_at", alert->resolved_wall_ms);
	if (alert->resolved_why)
		encode_member_string(b, "resolved_why", alert->resolved_why);
}

void encode_alert(struct buf *b, const struct alert *alert)
{
	static const char *const states[] = {[ALERT_PENDING] = "pending",
					     [ALERT_FIRING] = "firing",
					     [ALERT_RESOLVED] = "resolved"};
	const struct rule *rule = alert->rule;

	buf_add_char(b, '{');
	encode_member_string(b, "id", alert->id);
	encode_member_string(b, "rule", rule->name);
	encode_member_string(b, "severity", severity_name(rule->severity));
	encode_member_string(b, "scope", catalogue_scopes[rule->scope].name);
	encode_member_string(b, "state", states[alert->state]);
	add_alert_labels(b, alert);
	encode_member_string(b, "metric", catalogue_metrics[rule->metric].path);
	encode_member_string(b, "unit", catalogue_unit_name(catalogue_metrics[rule->metric].unit));
	encode_member_real(b, "value", alert->value);
	encode_member_string(b, "op", rule_op_text(rule->op));
	encode_member_real(b, "threshold", rule->value);
	encode_member_string(b, "message", alert->message ? alert->message : rule->name);
	if (rule->runbook)
		encode_member_string(b, "runbook", rule->runbook);
	add_times(b, alert);
	encode_member_bool(b, "stale", alert->stale);
	buf_add_char(b, '}');
}
