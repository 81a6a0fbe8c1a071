// SPDX-License-Identifier: Apache-2.0
#include "serve/session.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "base/utf8.h"
#include "serve/deflate.h"
#include "serve/publish.h"
#include "serve/server.h"
#include "serve/subscription.h"

/* By chance: a number that counts would tell everybody how many others there are. */
static void make_id(struct session *c)
{
	uint64_t id;

	if (getrandom(&id, sizeof(id), 0) != (ssize_t)sizeof(id))
		id = clock_boot_ns();
	snprintf(c->id, sizeof(c->id), "c%016" PRIx64, id);
}

void session_open(struct session *c, struct server *s, struct lws *wsi, const struct peer *peer)
{
	memset(c, 0, sizeof(*c));
	c->server = s;
	c->wsi = wsi;
	c->health = peer->health;
	c->plain = peer->plain;
	c->deflate = peer->deflate;
	c->opened = (uint64_t)time(NULL);
	text_copy(c->address, sizeof(c->address), peer->address);
	make_id(c);
	c->next = s->sessions;
	c->back = &s->sessions;
	if (c->next)
		c->next->back = &c->next;
	else
		ev_timer_again(s->loop, &s->second);
	s->sessions = c;
	s->counts.sessions++;
	if (c->health) {
		protocol_tell(c, "health", NULL, "{\"status\":\"ok\"}");
		session_close(c, 1000, "");
	} else if (peer->known) {
		session_join(c, &peer->claims);
		protocol_welcome(c, NULL);
	}
}

/* By /ws one sees one's own tenants only: without any, none. */
void session_join(struct session *c, const struct claims *claims)
{
	bool joins = !c->authenticated;

	c->claims = *claims;
	if (c->plain)
		c->claims.tenants.limited = true;
	c->notice_sent = false;
	c->authenticated = true;
	if (!joins)
		return;
	log_info("%s: %s (%s) connected from %s", c->id, c->claims.subject,
		 auth_role_name(c->claims.role), c->address);
	publish_activity(c->server, "join", c);
}

static void drop_queue(struct session *c)
{
	for (; c->queue_count; c->queue_count--) {
		frame_unref(c->queue[c->queue_first]);
		c->queue_first = (c->queue_first + 1) % SESSION_QUEUE;
	}
	free(c->queue);
	c->queue = NULL;
}

void session_end(struct session *c)
{
	if (!c->back)
		return;
	*c->back = c->next;
	if (c->next)
		c->next->back = c->back;
	c->back = NULL;
	c->server->counts.sessions--;
	subscription_end_all(c);
	drop_queue(c);
	buf_free(&c->in);
	if (!c->authenticated)
		return;
	log_info("%s: %s disconnected", c->id, c->claims.subject);
	publish_activity(c->server, "leave", c);
}

void session_close(struct session *c, uint16_t code, const char *reason)
{
	if (c->close_code)
		return;
	c->close_code = code;
	c->close_reason = reason;
	lws_callback_on_writable(c->wsi);
}

/*
 * The frame is complete and the same for all, so it passes libwebsockets as it
 * is. What the socket does not take is copied there; nothing more may be written
 * until that is gone.
 */
static bool write_frame(struct session *c, struct frame *f)
{
	struct frame *sent = c->deflate ? frame_packed(f) : f;
	int wrote = lws_write(c->wsi, sent->bytes, sent->len, LWS_WRITE_RAW);

	c->server->counts.messages_sent++;
	return wrote >= 0;
}

static bool can_write(const struct session *c)
{
	return !c->queue_count && !lws_partial_buffered(c->wsi);
}

void session_send(struct session *c, struct frame *f)
{
	if (!f || c->close_code)
		return;
	if (can_write(c)) {
		if (!write_frame(c, f))
			session_close(c, CLOSE_TOO_SLOW, "write failed");
		return;
	}
	if (!c->queue)
		c->queue = calloc(SESSION_QUEUE, sizeof(struct frame *));
	if (!c->queue || c->queue_count == SESSION_QUEUE) {
		c->server->counts.messages_skipped++;
		session_close(c, CLOSE_TOO_SLOW, "too slow");
		return;
	}
	c->queue[(c->queue_first + c->queue_count++) % SESSION_QUEUE] = frame_ref(f);
	lws_callback_on_writable(c->wsi);
}

/* The one that waits gives way. False when that has happened too often. */
static bool skip_update(struct session *c, struct subscription *sub)
{
	if (!sub->update)
		return true;
	frame_unref(sub->update);
	sub->update = NULL;
	sub->skipped++;
	c->skipped++;
	c->server->counts.messages_skipped++;
	return ++sub->skipped_in_a_row < SESSION_MAX_SKIPPED;
}

static void tell_what_was_missed(struct session *c, struct subscription *sub)
{
	char data[VIEW_CHANNEL_MAX + 64];

	if (sub->skipped == sub->skipped_told)
		return;
	snprintf(data, sizeof(data), "{\"channel\":\"%s\",\"missed\":%llu}", sub->view->channel,
		 (unsigned long long)(sub->skipped - sub->skipped_told));
	sub->skipped_told = sub->skipped;
	protocol_tell(c, "lagged", sub->view->channel, data);
}

/* Before the first one after a gap stands how wide the gap is. */
static bool write_update(struct session *c, struct subscription *sub, struct frame *f, uint64_t seq)
{
	tell_what_was_missed(c, sub);
	sub->skipped_in_a_row = 0;
	sub->have = seq;
	return write_frame(c, f);
}

void session_send_update(struct session *c, struct subscription *sub, struct frame *f, uint64_t seq)
{
	if (!f || c->close_code)
		return;
	if (!skip_update(c, sub)) {
		session_close(c, CLOSE_TOO_SLOW, "too slow");
		return;
	}
	if (can_write(c)) {
		if (!write_update(c, sub, f, seq))
			session_close(c, CLOSE_TOO_SLOW, "write failed");
		return;
	}
	sub->update = frame_ref(f);
	sub->update_seq = seq;
	lws_callback_on_writable(c->wsi);
}

static bool flush_queue(struct session *c)
{
	while (c->queue_count && !lws_partial_buffered(c->wsi)) {
		struct frame *f = c->queue[c->queue_first];
		bool written = write_frame(c, f);

		c->queue_first = (c->queue_first + 1) % SESSION_QUEUE;
		c->queue_count--;
		frame_unref(f);
		if (!written)
			return false;
	}
	if (!c->queue_count)
		drop_queue(c);
	return true;
}

/* Sends the metrics that wait, while the socket takes them. Returns how many still wait, or -1. */
static int flush_updates(struct session *c)
{
	int waiting = 0;

	for (struct subscription *sub = c->subscriptions; sub; sub = sub->next) {
		struct frame *f = sub->update;
		bool written;

		if (!f)
			continue;
		if (!can_write(c)) {
			waiting++;
			continue;
		}
		sub->update = NULL;
		written = write_update(c, sub, f, sub->update_seq);
		frame_unref(f);
		if (!written)
			return -1;
	}
	return waiting;
}

int session_writable(struct session *c)
{
	int waiting;

	if (!flush_queue(c))
		return -1;
	if (c->close_code && can_write(c)) {
		lws_close_reason(c->wsi, c->close_code, (unsigned char *)c->close_reason,
				 strlen(c->close_reason));
		return -1;
	}
	waiting = flush_updates(c);
	if (waiting < 0)
		return -1;
	if (c->queue_count || waiting || c->close_code)
		lws_callback_on_writable(c->wsi);
	return 0;
}

static int refuse_input(struct session *c, uint16_t code, const char *reason)
{
	buf_free(&c->in);
	lws_close_reason(c->wsi, code, (unsigned char *)reason, strlen(reason));
	return -1;
}

/* The message as the client wrote it; NULL and the close code when it is not to be read. */
static const char *unpack(const struct session *c, size_t *ret_len, uint16_t *ret_code)
{
	size_t most = c->server->config.max_payload_bytes;
	const char *text = c->in.data ? c->in.data : "";

	*ret_len = c->in.len;
	*ret_code = CLOSE_BAD_DATA;
	if (c->in_packed)
		text = deflate_unpack(text, c->in.len, most, ret_len);
	if (text && *ret_len > most) {
		*ret_code = CLOSE_TOO_LARGE;
		return NULL;
	}
	return text && utf8_valid(text, *ret_len) ? text : NULL;
}

static int take_message(struct session *c)
{
	uint16_t code;
	size_t len;
	const char *text = unpack(c, &len, &code);

	if (!text)
		return refuse_input(c, code,
				    code == CLOSE_TOO_LARGE ? "message too large"
							    : "not UTF-8, or badly compressed");
	c->server->counts.messages_received++;
	protocol_handle(c, text, len);

	/* Large messages are rare: their memory is not kept for each connection. */
	if (c->in.cap > 4096)
		buf_free(&c->in);
	else
		buf_reset(&c->in);
	return 0;
}

int session_receive(struct session *c, const char *bytes, size_t len)
{
	bool last = lws_is_final_fragment(c->wsi) && !lws_remaining_packet_payload(c->wsi);

	if (lws_frame_is_binary(c->wsi))
		return refuse_input(c, CLOSE_UNSUPPORTED, "text only");
	if (c->in.len + len > c->server->config.max_payload_bytes)
		return refuse_input(c, CLOSE_TOO_LARGE, "message too large");
	if (c->close_code)
		return 0;
	if (lws_is_first_fragment(c->wsi))
		c->in_packed = c->deflate && lws_get_reserved_bits(c->wsi);
	buf_add(&c->in, bytes, len);
	if (buf_failed(&c->in))
		return refuse_input(c, CLOSE_TOO_LARGE, "out of memory");
	return last ? take_message(c) : 0;
}

void session_second(struct session *c, uint64_t now)
{
	if (c->close_code || c->health)
		return;
	if (!c->authenticated) {
		if (now >= c->opened + SESSION_AUTH_SECONDS)
			session_close(c, CLOSE_AUTH_TIMEOUT, "not authenticated in time");
		return;
	}
	if (now >= c->claims.expires + AUTH_LEEWAY_SECONDS) {
		log_info("%s: the token of %s expired", c->id, c->claims.subject);
		session_close(c, CLOSE_TOKEN_EXPIRED, "token expired");
	} else if (!c->notice_sent && now + SESSION_EXPIRY_NOTICE_SECONDS >= c->claims.expires) {
		char data[64];

		snprintf(data, sizeof(data), "{\"expires_in\":%lld}",
			 (long long)c->claims.expires - (long long)now);
		c->notice_sent = true;
		protocol_tell(c, "auth_expiring", NULL, data);
	}
}
