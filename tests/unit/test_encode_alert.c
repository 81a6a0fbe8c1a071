// SPDX-License-Identifier: Apache-2.0
/* The catalogue and alerts as JSON, parsed back with jansson. */
#include <jansson.h>

#include "encode/encode.h"
#include "harness/harness.h"

static struct buf out;

static json_t *parse(void)
{
	json_error_t error;
	json_t *root = json_loadb(out.data, out.len, JSON_REJECT_DUPLICATES, &error);

	CHECK(!buf_failed(&out));
	if (!root)
		harness_fail(__FILE__, __LINE__, "not JSON: %s at %d", error.text, error.position);
	return root;
}

static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static const json_t *scope_named(json_t *root, const char *name)
{
	json_t *scope;
	size_t i;

	json_array_foreach (json_object_get(root, "scopes"), i, scope)
		if (strcmp(text_of(scope, "name"), name) == 0)
			return scope;
	return NULL;
}

TEST(the_catalogue_lists_everything)
{
	buf_reset(&out);
	encode_catalogue(&out);

	json_t *root = parse();

	CHECK_UINT(json_array_size(json_object_get(root, "scopes")), SCOPES);
	for (int s = 0; s < SCOPES; s++) {
		const json_t *scope = scope_named(root, catalogue_scopes[s].name);
		json_t *metrics = json_object_get(scope, "metrics"),
		       *labels = json_object_get(scope, "labels");

		CHECK_UINT(json_array_size(labels), scope_labels((enum scope)s));
		CHECK_UINT(json_array_size(metrics), scope_metrics((enum scope)s));
		for (size_t i = 0; i < scope_metrics((enum scope)s); i++) {
			const struct metric_info *info =
				&catalogue_metrics[catalogue_scopes[s].first_metric + i];
			json_t *metric = json_array_get(metrics, i);

			CHECK_STRING(text_of(metric, "path"), info->path);
			CHECK_STRING(text_of(metric, "kind"), catalogue_kind_name(info->kind));
			CHECK_STRING(text_of(metric, "unit"), catalogue_unit_name(info->unit));
			CHECK_STRING(text_of(metric, "help"), info->help);
		}
	}
	json_decref(root);
}

static char busy[] = "busy", pid[] = "77", comm[] = "a\"<b>", message[] = "it burns";
static char runbook[] = "https://example.org/busy?a=1&b=2";

static struct alert_label alert_labels[] = {{"pid", pid}, {"comm", comm}};
static struct rule alert_rule = {
	.name = busy,
	.severity = SEVERITY_HIGH,
	.scope = SCOPE_PROCESS,
	.metric = METRIC_PROCESS_cpu_percent,
	.op = OP_GREATER_EQUAL,
	.value = 90,
};
static struct alert alert = {
	.id = "0001",
	.rule = &alert_rule,
	.state = ALERT_FIRING,
	.labels = alert_labels,
	.label_count = 2,
	.value = 99.5,
	.started_wall_ms = 1700000000000,
	.fired_wall_ms = 1700000005000,
	.message = message,
};

static json_t *alert_document(void)
{
	buf_reset(&out);
	encode_alert(&out, &alert);
	return parse();
}

TEST(an_alert_says_what_is_wrong_where_and_since_when)
{
	json_t *root = alert_document();

	CHECK_STRING(text_of(root, "id"), "0001");
	CHECK_STRING(text_of(root, "rule"), "busy");
	CHECK_STRING(text_of(root, "severity"), "high");
	CHECK_STRING(text_of(root, "scope"), "process");
	CHECK_STRING(text_of(root, "state"), "firing");
	CHECK_STRING(text_of(json_object_get(root, "labels"), "pid"), "77");
	CHECK_STRING(text_of(json_object_get(root, "labels"), "comm"), "a\"<b>");
	CHECK_STRING(text_of(root, "metric"), "cpu.percent");
	CHECK_STRING(text_of(root, "op"), ">=");
	CHECK_STRING(text_of(root, "message"), "it burns");
	CHECK_STRING(text_of(root, "started_at"), "2023-11-14T22:13:20.000Z");
	CHECK_STRING(text_of(root, "fired_at"), "2023-11-14T22:13:25.000Z");
	CHECK_REAL(json_number_value(json_object_get(root, "value")), 99.5, 0);
	CHECK_REAL(json_number_value(json_object_get(root, "threshold")), 90, 0);
	CHECK(json_is_false(json_object_get(root, "stale")));
	CHECK(!json_object_get(root, "runbook") && !json_object_get(root, "resolved_at") &&
	      !json_object_get(root, "resolved_why"));
	json_decref(root);
}

TEST(a_resolved_alert_says_why)
{
	alert.state = ALERT_RESOLVED;
	alert.resolved_wall_ms = 1700000010000;
	alert.resolved_why = "process ended";
	alert.stale = true;
	alert_rule.runbook = runbook;

	json_t *root = alert_document();

	CHECK_STRING(text_of(root, "state"), "resolved");
	CHECK_STRING(text_of(root, "resolved_at"), "2023-11-14T22:13:30.000Z");
	CHECK_STRING(text_of(root, "resolved_why"), "process ended");
	CHECK_STRING(text_of(root, "runbook"), runbook);
	CHECK(json_is_true(json_object_get(root, "stale")));
	json_decref(root);
}
