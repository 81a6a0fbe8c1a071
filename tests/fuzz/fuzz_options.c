// SPDX-License-Identifier: Apache-2.0
/*
 * What a client wants to see: options as JSON, parameters as "name=value" lines,
 * and compressed messages. The first byte says which. What is accepted is used.
 */
#include <stdlib.h>
#include <string.h>

#include "serve/channel.h"
#include "serve/deflate.h"
#include "serve/options.h"
#include "serve/query.h"
#include "snapshot/builder.h"

#define MOST 100000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct config config = {.interval_ms = 1000, .process_limit = 10};

static const struct snapshot *snapshot(void)
{
	static struct builder builder;
	static const struct snapshot *s;
	struct builder_row row = {0};

	if (s)
		return s;
	builder_begin(&builder);
	for (uint64_t pid = 1; pid < 5; pid++) {
		builder_row_clear(&row);
		builder_label(&row, SCOPE_PROCESS, LABEL_PROCESS_pid, pid);
		builder_label_string(&builder, &row, SCOPE_PROCESS, LABEL_PROCESS_comm, "worker");
		builder_label_string(&builder, &row, SCOPE_PROCESS, LABEL_PROCESS_namespace,
				     pid % 2 ? "blue" : "green");
		builder_value(&row, METRIC_PROCESS_cpu_percent,
			      (union snapshot_value){.real = (double)pid});
		builder_add(&builder, SCOPE_PROCESS, &row);
	}
	s = builder_finish(&builder);
	return s;
}

static void use(const struct view_wish *wish)
{
	static struct buf out;

	buf_reset(&out);
	encode_snapshot(&out, snapshot(), &wish->what, NULL);
	buf_add_char(&out, '\0');

	json_t *document = json_loads(out.data, JSON_REJECT_DUPLICATES, NULL);

	if (!json_is_object(document))
		abort();
	json_decref(document);
}

/* An error is one line of text that ends. */
static void check_error(const char *error)
{
	if (!memchr(error, '\0', OPTIONS_ERROR) || !*error)
		abort();
}

static void take_options(const char *text, size_t len)
{
	json_t *json = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	char error[OPTIONS_ERROR] = "", tenant[TENANT_MAX_BYTES];
	struct tenants tenants = {0};
	struct view_wish wish;

	options_init(&wish, &config, &tenants);
	if (json_is_string(json)) {
		if (channel_is_metrics(json_string_value(json), tenant)) {
			memcpy(wish.what.tenant, tenant, sizeof(tenant));
			use(&wish);
		}
	} else if (options_take_all(&wish, json, NULL, &config, error)) {
		use(&wish);
	} else {
		check_error(error);
	}
	json_decref(json);
}

static void take_query(char *text)
{
	static struct query q;
	const struct options_names also = {q.asked, 0};
	const struct query_parameter *p;
	struct tenants tenants = {0};
	char error[OPTIONS_ERROR] = "", *rest = NULL;
	struct view_wish wish;

	q = (struct query){0};
	options_init(&wish, &config, &tenants);
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (!query_add(&q, line, error)) {
			check_error(error);
			return;
		}
	}
	while ((p = query_rest(&q))) {
		if (options_condition(&wish.what.filter, p->name, p->value, &also, error))
			continue;
		check_error(error);
		return;
	}
	use(&wish);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t len;
	char *text;

	if (!size)
		return 0;
	if (data[0] == 'z') {
		if (deflate_unpack((const char *)data + 1, size - 1, MOST, &len) && len > MOST + 1)
			abort();
		return 0;
	}
	text = strndup((const char *)data + 1, size - 1);
	if (text && data[0] == 'q')
		take_query(text);
	else if (text)
		take_options((const char *)data + 1, size - 1);
	free(text);
	return 0;
}
