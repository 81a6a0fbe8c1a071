// SPDX-License-Identifier: Apache-2.0
/* Subscribing to channels, changing a subscription, and leaving. */
#include "serve/subscription.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "encode/writer.h"
#include "serve/channel.h"
#include "serve/message.h"
#include "serve/options.h"
#include "serve/publish.h"
#include "serve/server.h"

struct subscription *subscription_find(const struct session *c, const char *channel)
{
	struct subscription *sub = c->subscriptions;

	while (sub && strcmp(sub->channel, channel) != 0)
		sub = sub->next;
	return sub;
}

/* The session's subscription to this channel, made when it is new. NULL after an error was sent. */
static struct subscription *take(const struct request *r, const char *channel)
{
	struct session *c = r->session;
	struct subscription *sub = subscription_find(c, channel);
	size_t len = strlen(channel) + 1;

	if (sub)
		return sub;
	if (c->subscription_count < SUBSCRIPTIONS_MAX)
		sub = calloc(1, sizeof(*sub) + len);
	if (!sub) {
		request_fail(r, "limit", "too many subscriptions on this connection");
		return NULL;
	}
	memcpy(sub->channel, channel, len);
	sub->next = c->subscriptions;
	c->subscriptions = sub;
	c->subscription_count++;
	return sub;
}

static void drop_update(struct subscription *sub)
{
	frame_unref(sub->update);
	sub->update = NULL;
}

static void end(struct session *c, struct subscription *sub)
{
	struct subscription **at = &c->subscriptions;

	while (*at != sub)
		at = &(*at)->next;
	*at = sub->next;
	c->subscription_count--;
	view_put(&c->server->views, sub->view);
	drop_update(sub);
	free(sub);
}

void subscription_end_all(struct session *c)
{
	while (c->subscriptions)
		end(c, c->subscriptions);
}

static void confirm(const struct request *r, const char *type, const char *channel,
		    const struct subscription *sub)
{
	request_begin(r, type, channel);
	buf_add_char(&request_out, '{');
	encode_member_string(&request_out, "channel", channel);
	if (sub && sub->view)
		encode_member_integer(&request_out, "interval_ms",
				      (uint64_t)sub->every *
					      r->session->server->config.interval_ms);
	buf_add_char(&request_out, '}');
	request_finish(r->session);
}

/* The newest document; what comes next builds on it. */
static void send_initial(const struct request *r, struct subscription *sub)
{
	const struct snapshot *s = server_snapshot(r->session->server);
	struct encode_server numbers = server_numbers(r->session->server);
	const struct buf *data = s ? view_data(sub->view, s, &numbers) : NULL;
	struct message m = {
		.type = "initial_data",
		.id = r->id[0] ? r->id : NULL,
		.channel = sub->channel,
		.seq = data ? s->seq : 0,
	};

	message_begin(&request_out, &m);
	if (data)
		buf_add(&request_out, data->data, data->len);
	else
		buf_add_string(&request_out, "null");
	request_finish(r->session);
	sub->have = data ? s->seq : 0;
}

/* Another view for a subscription; what waits of the old one is dropped. False after an error. */
static bool set_view(const struct request *r, struct subscription *sub,
		     const struct view_wish *wish)
{
	struct views *views = &r->session->server->views;
	struct view *view = view_get(views, wish);

	if (!view) {
		request_fail(r, "limit",
			     "too many different views are subscribed to; take one that others "
			     "have");
		return false;
	}
	view_put(views, sub->view);
	drop_update(sub);
	sub->view = view;
	sub->every = wish->every;
	sub->have = 0;
	return true;
}

static void subscribe_metrics(const struct request *r, const char *channel, const char *tenant)
{
	const struct config *config = &r->session->server->config;
	struct subscription *sub;
	struct view_wish wish;
	char error[OPTIONS_ERROR];

	options_init(&wish, config, &r->session->claims.tenants);
	memcpy(wish.what.tenant, tenant, sizeof(wish.what.tenant));
	if (!options_take_all(&wish, json_object_get(r->data, "options"), NULL, config, error)) {
		request_fail(r, "bad_field", error);
		return;
	}
	sub = take(r, channel);
	if (!sub)
		return;
	if (!set_view(r, sub, &wish)) {
		if (!sub->view)
			end(r->session, sub);
		return;
	}
	confirm(r, "subscribed", channel, sub);
	send_initial(r, sub);
}

/* What can be said at once on the channels that a pattern stands for. */
static void send_state(const struct request *r, const char *pattern)
{
	struct session *c = r->session;
	bool limited = c->claims.tenants.limited;
	bool alerts = text_glob(pattern, "alerts") || strncmp(pattern, "tenant:", 7) == 0;
	bool health = text_glob(pattern, "platform:health") &&
		      channel_allowed(&c->claims, "platform:health");
	struct message m = {
		.type = "initial_data",
		.id = r->id[0] ? r->id : NULL,
		.channel = pattern,
		.seq = alerts && !limited ? c->server->alert_seq : 0,
	};

	if (!alerts && !health)
		return;
	message_begin(&request_out, &m);
	buf_add_char(&request_out, '{');
	if (alerts) {
		encode_member(&request_out, "alerts");
		publish_add_alerts(&request_out, c, pattern);
	}
	if (health) {
		encode_member(&request_out, "health");
		publish_add_health(&request_out, c->server);
	}
	buf_add_char(&request_out, '}');
	request_finish(c);
}

static const char *const not_options[] = {"channel", "options", NULL};

/* The channel that a request names. */
static const char *channel_of(const struct request *r)
{
	const char *channel = json_string_value(json_object_get(r->data, "channel"));

	if (!channel)
		channel = r->channel;
	return channel ? channel : "";
}

/* Whether the session may subscribe to it; false after an error was sent. */
static bool check_channel(const struct request *r, const char *channel)
{
	struct session *c = r->session;
	struct peer peer = {0};
	const char *code;

	if (strlen(channel) < CHANNEL_MAX && channel_reachable(&c->claims, channel, &code))
		return true;
	if (strlen(channel) >= CHANNEL_MAX)
		code = "unknown_channel";
	memcpy(peer.address, c->address, sizeof(peer.address));
	if (*channel)
		server_log_refusal(c->server, &peer, "a channel that the token does not allow");
	request_fail(r, code,
		     "no such channel for this token; availableChannels of the welcome lists them");
	return false;
}

void subscription_add(const struct request *r)
{
	const char *channel = channel_of(r);
	char tenant[TENANT_MAX_BYTES];

	if (!request_has_only(r, not_options) || !check_channel(r, channel))
		return;
	if (channel_is_metrics(channel, tenant)) {
		subscribe_metrics(r, channel, tenant);
	} else if (json_object_get(r->data, "options")) {
		request_fail(r, "bad_field", "options are for channels of metrics");
	} else if (take(r, channel)) {
		confirm(r, "subscribed", channel, NULL);
		send_state(r, channel);
	}
}

/* To leave a channel that one is not in is no mistake. */
void subscription_remove(const struct request *r)
{
	const char *channel = channel_of(r);
	struct subscription *sub = subscription_find(r->session, channel);

	if (!request_has_only(r, not_options) || (!sub && !check_channel(r, channel)))
		return;
	confirm(r, "unsubscribed", channel, NULL);
	if (sub)
		end(r->session, sub);
}

/* A subscription for which there is no room among the views ends. */
void subscription_follow_claims(struct session *c)
{
	for (struct subscription *sub = c->subscriptions, *next; sub; sub = next) {
		struct view_wish wish;
		struct view *view;

		next = sub->next;
		if (!sub->view || memcmp(&sub->view->wish.what.tenants, &c->claims.tenants,
					 sizeof(c->claims.tenants)) == 0)
			continue;
		memcpy(&wish, &sub->view->wish, sizeof(wish));
		memcpy(&wish.what.tenants, &c->claims.tenants, sizeof(wish.what.tenants));
		wish.every = sub->every;
		view = view_get(&c->server->views, &wish);
		if (!view) {
			protocol_tell(c, "unsubscribed", "metrics",
				      "{\"reason\":\"too many different views\"}");
			end(c, sub);
			continue;
		}
		view_put(&c->server->views, sub->view);
		drop_update(sub);
		sub->view = view;
		sub->have = 0;
	}
}

/* The live metrics subscription that a request is about; NULL after an error was sent. */
static struct subscription *live_metrics(const struct request *r, struct view_wish *ret)
{
	const char *channel = channel_of(r);
	struct subscription *sub = subscription_find(r->session, *channel ? channel : "metrics");

	if (!sub || !sub->view) {
		request_fail(r, "not_subscribed",
			     "there is no metrics subscription of this channel to change");
		return NULL;
	}
	memcpy(ret, &sub->view->wish, sizeof(*ret));
	ret->every = sub->every;
	return sub;
}

/* Options may stand in data or, as when subscribing, in data.options. False after an error. */
static bool take_options(const struct request *r, struct view_wish *wish)
{
	const struct config *config = &r->session->server->config;
	char error[OPTIONS_ERROR];

	if (options_take_all(wish, r->data, not_options, config, error) &&
	    options_take_all(wish, json_object_get(r->data, "options"), NULL, config, error))
		return true;
	request_fail(r, "bad_field", error);
	return false;
}

void subscription_set_interval(const struct request *r)
{
	const json_t *interval = json_object_get(r->data, "interval_ms");
	const json_t *inside = json_object_get(json_object_get(r->data, "options"), "interval_ms");
	struct view_wish wish;
	struct subscription *sub = live_metrics(r, &wish);
	char error[OPTIONS_ERROR];

	if (!sub)
		return;
	if (!options_take(&wish, "interval_ms", interval ? interval : inside,
			  &r->session->server->config, error))
		request_fail(r, "bad_field", error);
	else if (set_view(r, sub, &wish))
		confirm(r, "subscribed", sub->channel, sub);
}

/* Options that are not named stay as they are. */
void subscription_set_filter(const struct request *r)
{
	struct view_wish wish;
	struct subscription *sub = live_metrics(r, &wish);

	if (!sub || !take_options(r, &wish) || !set_view(r, sub, &wish))
		return;
	confirm(r, "subscribed", sub->channel, sub);
	send_initial(r, sub);
}

void subscription_send_updates(struct session *c, const struct snapshot *s,
			       const struct encode_server *numbers)
{
	for (struct subscription *sub = c->subscriptions; sub; sub = sub->next)
		if (sub->view && s->seq % sub->every == 0)
			session_send_update(c, sub, view_update(sub->view, s, numbers, sub->have),
					    s->seq);
}
