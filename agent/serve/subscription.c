// SPDX-License-Identifier: Apache-2.0
/* Subscribing to channels and leaving them. */
#include <stdio.h>
#include <string.h>

#include "encode/writer.h"
#include "serve/message.h"
#include "serve/request.h"
#include "serve/server.h"

/* Options of a metrics subscription; false after an error was sent. */
static bool take_option(const struct request *r, const char *name, const json_t *value,
			struct encode_view *view, uint32_t *every)
{
	uint32_t window = r->session->server->config.interval_ms;
	char text[160];

	if (strcmp(name, "sort") == 0) {
		const char *path = json_string_value(value);
		int metric = path ? catalogue_find_metric(SCOPE_PROCESS, path) : -1;

		if (metric >= 0) {
			view->sort = (enum metric)metric;
			return true;
		}
		request_fail(r, "bad_field", "sort must be a metric of the process scope");
		return false;
	}
	if (strcmp(name, "limit") == 0) {
		if (json_is_integer(value) && json_integer_value(value) >= 0 &&
		    json_integer_value(value) <= 1000000) {
			view->limit = (size_t)json_integer_value(value);
			return true;
		}
		request_fail(r, "bad_field",
			     "limit must be a whole number from 0 (all) to 1000000");
		return false;
	}
	if (strcmp(name, "interval_ms") == 0) {
		json_int_t ms = json_is_integer(value) ? json_integer_value(value) : 0;

		if (window && ms >= window && ms <= 3600000 && ms % window == 0) {
			*every = (uint32_t)ms / window;
			return true;
		}
		snprintf(text, sizeof(text), "interval_ms must be a multiple of %u up to 3600000",
			 window);
		request_fail(r, "bad_field", text);
		return false;
	}
	request_fail(r, "bad_field", "options of metrics are sort, limit and interval_ms");
	return false;
}

static void add_snapshot(struct session *c)
{
	const struct snapshot *s = server_snapshot(c->server);
	struct encode_server numbers = server_numbers(c->server);
	const struct buf *data = s ? view_data(c->view, s, &numbers) : NULL;

	if (data)
		buf_add(&request_out, data->data, data->len);
	else
		buf_add_string(&request_out, "null");
}

static void confirm(const struct request *r, const char *type, const char *channel)
{
	request_begin(r, type, channel);
	buf_add_char(&request_out, '{');
	encode_member_string(&request_out, "channel", channel);
	buf_add_char(&request_out, '}');
	request_finish(r->session);
}

static void subscribe_metrics(const struct request *r)
{
	struct session *c = r->session;
	struct encode_view what = {METRIC_PROCESS_cpu_percent, c->server->config.process_limit};
	json_t *options = json_object_get(r->data, "options"), *value;
	uint32_t every = 1;
	const char *name;

	if (options && !json_is_object(options)) {
		request_fail(r, "bad_field", "options must be an object");
		return;
	}
	json_object_foreach (options, name, value) {
		if (!take_option(r, name, value, &what, &every))
			return;
	}

	struct view *view = view_get(&c->server->views, &what);

	if (!view) {
		request_fail(
			r, "limit",
			"too many different views are subscribed to; take one that others have");
		return;
	}
	view_put(&c->server->views, c->view);
	c->view = view;
	c->every = every;
	confirm(r, "subscribed", "metrics");
	request_begin(r, "initial_data", "metrics");
	add_snapshot(c);
	request_finish(c);
}

static void add_alert(void *context, const struct alert *alert)
{
	(void)context;
	encode_comma(&request_out);
	encode_alert(&request_out, alert);
}

static void subscribe_alerts(const struct request *r)
{
	struct session *c = r->session;
	struct message m = {.type = "initial_data",
			    .id = r->id[0] ? r->id : NULL,
			    .channel = "alerts",
			    .seq = c->server->alert_seq};

	c->alerts = true;
	confirm(r, "subscribed", "alerts");
	message_begin(&request_out, &m);
	buf_add_string(&request_out, "{\"alerts\":[");
	alert_engine_each_firing(c->server->alerts, add_alert, NULL);
	buf_add_string(&request_out, "]}");
	request_finish(c);
}

static const char *channel_of(const struct request *r)
{
	return json_string_value(json_object_get(r->data, "channel"));
}

void subscription_add(const struct request *r)
{
	const char *channel = channel_of(r);

	if (channel && strcmp(channel, "metrics") == 0)
		subscribe_metrics(r);
	else if (channel && strcmp(channel, "alerts") == 0)
		subscribe_alerts(r);
	else
		request_fail(r, "unknown_channel", "channel must be metrics or alerts");
}

void subscription_remove(const struct request *r)
{
	struct session *c = r->session;
	const char *channel = channel_of(r);

	if (channel && strcmp(channel, "metrics") == 0) {
		view_put(&c->server->views, c->view);
		c->view = NULL;
		frame_unref(c->update);
		c->update = NULL;
	} else if (channel && strcmp(channel, "alerts") == 0) {
		c->alerts = false;
	} else {
		request_fail(r, "unknown_channel", "channel must be metrics or alerts");
		return;
	}
	confirm(r, "unsubscribed", channel);
}
