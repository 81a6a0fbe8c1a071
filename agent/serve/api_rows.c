// SPDX-License-Identifier: Apache-2.0
/* Processes and groups of the newest snapshot. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "encode/writer.h"
#include "serve/api.h"
#include "serve/options.h"

_Static_assert(OPTIONS_ERROR == QUERY_ERROR, "both write to the same place");

/* "comm,cpu,memory.rss_bytes" */
static bool read_fields(struct encode_view *view, const char *value, char *error)
{
	char name[QUERY_MAX_VALUE];

	for (;;) {
		size_t len = strcspn(value, ",");

		memcpy(name, value, len);
		name[len] = '\0';
		if (!options_field(view, name, error))
			return false;
		if (!value[len])
			return true;
		value += len + 1;
	}
}

static bool read_common(struct answer *a, struct encode_view *view, char *error)
{
	const char *sort = query_get(&a->query, "sort"), *text = query_get(&a->query, "q");
	const char *fields = query_get(&a->query, "fields");
	uint64_t limit;

	if ((sort && !options_sort(view, sort, error)) ||
	    (text && !options_search(view, text, error)) ||
	    (fields && !read_fields(view, fields, error)) ||
	    !query_number(&a->query, "limit", OPTIONS_MAX_LIMIT, view->limit, &limit, error))
		return false;
	view->limit = (uint32_t)limit;
	return true;
}

static bool read_conditions(struct answer *a, struct filter *filter, char *error)
{
	const struct options_names also = {a->query.asked, a->query.asked_count};
	const struct query_parameter *p;

	while ((p = query_rest(&a->query)))
		if (!options_condition(filter, p->name, p->value, &also, error))
			return false;
	return true;
}

/* What is asked of the processes. False after 400 was sent. */
static bool read_view(struct answer *a, bool pages, struct encode_view *ret)
{
	char error[QUERY_ERROR];
	struct view_wish wish;
	uint64_t offset = 0;

	options_init(&wish, &a->server->config, &a->peer->claims.tenants);
	if (read_common(a, &wish.what, error) &&
	    (!pages || query_number(&a->query, "offset", OPTIONS_MAX_LIMIT, 0, &offset, error)) &&
	    read_conditions(a, &wish.what.filter, error)) {
		wish.what.offset = (uint32_t)offset;
		*ret = wish.what;
		return true;
	}
	answer_error(a, 400, "bad_field", error);
	return false;
}

void api_snapshot(struct answer *a)
{
	struct encode_server numbers = server_numbers(a->server);
	const struct snapshot *newest;
	struct encode_view view;

	if (!read_view(a, false, &view) || !(newest = answer_snapshot(a)))
		return;
	buf_reset(&answer_out);
	encode_snapshot(&answer_out, newest, &view, &numbers);
	buf_add_char(&answer_out, '\n');
	answer_send(a, 200);
}

static void begin_list(const struct snapshot *s)
{
	answer_begin();
	encode_member_string(&answer_out, "node", snapshot_string(s, s->node));
	encode_member_integer(&answer_out, "seq", s->seq);
	encode_member_time(&answer_out, "window_end", s->end_wall_ms);
}

static void end_list(struct answer *a, size_t matching, const struct encode_view *view)
{
	encode_member_integer(&answer_out, "total", matching);
	encode_member_integer(&answer_out, "offset", view->offset);
	encode_member_integer(&answer_out, "limit", view->limit);
	answer_end(a, 200);
}

void api_processes(struct answer *a)
{
	const struct snapshot *newest;
	struct encode_view view;

	if (!read_view(a, true, &view) || !(newest = answer_snapshot(a)))
		return;
	begin_list(newest);
	end_list(a, encode_view_rows(&answer_out, newest, "processes", SCOPE_PROCESS, &view, NULL),
		 &view);
}

/* A pid that was given to another process in the window has two rows. */
void api_process(struct answer *a)
{
	const char *start_time = query_get(&a->query, "start_time");
	const char *fields = query_get(&a->query, "fields");
	struct encode_view view = {.sort = METRIC_PROCESS_cpu_percent,
				   .tenants = a->peer->claims.tenants};
	const struct snapshot *newest;
	char error[QUERY_ERROR] = "start_time must be a whole number";
	uint64_t number;
	bool is_pid = text_u64(a->rest, &number);

	if ((fields && !read_fields(&view, fields, error)) ||
	    (start_time && !text_u64(start_time, &number))) {
		answer_error(a, 400, "bad_field", error);
		return;
	}
	if (!answer_query_done(a) || !(newest = answer_snapshot(a)))
		return;
	begin_list(newest);
	if (!is_pid || !filter_add_globs(&view.filter, LABEL_PROCESS_pid, false, &a->rest, 1) ||
	    (start_time &&
	     !filter_add_globs(&view.filter, LABEL_PROCESS_start_time, false, &start_time, 1)) ||
	    !encode_view_rows(&answer_out, newest, "processes", SCOPE_PROCESS, &view, NULL)) {
		answer_error(a, 404, "not_found", "there is no such process");
		return;
	}
	answer_end(a, 200);
}

/* Globs on the labels of groups. */
static bool read_group_labels(struct answer *a, struct filter *filter, char *error)
{
	const struct scope_info *scope = &catalogue_scopes[SCOPE_GROUP];

	for (enum label l = scope->first_label; l < scope->end_label; l++) {
		const char *glob = query_get(&a->query, catalogue_labels[l].name);

		if (glob && !filter_add_globs(filter, l, false, &glob, 1)) {
			text_copy(error, QUERY_ERROR, "the conditions are too many, or too long");
			return false;
		}
	}
	return true;
}

void api_groups(struct answer *a)
{
	const char *text = query_get(&a->query, "q"), *fields = query_get(&a->query, "fields");
	struct encode_view view = {.filtered = SCOPE_GROUP, .tenants = a->peer->claims.tenants};
	const struct snapshot *newest;
	char error[QUERY_ERROR];

	if ((text && !options_search(&view, text, error)) ||
	    (fields && !read_fields(&view, fields, error)) ||
	    !read_group_labels(a, &view.filter, error)) {
		answer_error(a, 400, "bad_field", error);
		return;
	}
	if (!answer_query_done(a) || !(newest = answer_snapshot(a)))
		return;
	begin_list(newest);
	encode_member_integer(
		&answer_out, "total",
		encode_view_rows(&answer_out, newest, "groups", SCOPE_GROUP, &view, NULL));
	answer_end(a, 200);
}
