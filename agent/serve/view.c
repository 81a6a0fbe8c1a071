// SPDX-License-Identifier: Apache-2.0
#include "serve/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "serve/message.h"

static struct view *view_new(const struct view_wish *wish)
{
	struct view *view = calloc(1, sizeof(*view));

	if (!view)
		return NULL;
	memcpy(&view->wish, wish, sizeof(*wish));
	view->readers = 1;
	if (wish->what.tenant[0])
		snprintf(view->channel, sizeof(view->channel), "tenant:%s:metrics",
			 wish->what.tenant);
	else
		snprintf(view->channel, sizeof(view->channel), "metrics");
	return view;
}

/* How often it is sent changes a view only where the last sending matters. */
struct view *view_get(struct views *v, const struct view_wish *wish)
{
	struct view **free_place = NULL;
	struct view_wish key;

	memcpy(&key, wish, sizeof(key));
	if (!key.delta)
		key.every = 0;
	for (size_t i = 0; i < VIEW_MAX; i++) {
		struct view *view = v->list[i];

		if (!view) {
			free_place = free_place ? free_place : &v->list[i];
		} else if (memcmp((const char *)&view->wish, (const char *)&key, sizeof(key)) ==
			   0) {
			view->readers++;
			return view;
		}
	}
	if (!free_place)
		return NULL;
	*free_place = view_new(&key);
	return *free_place;
}

void view_put(struct views *v, struct view *view)
{
	if (!view || --view->readers)
		return;
	for (size_t i = 0; i < VIEW_MAX; i++)
		if (v->list[i] == view)
			v->list[i] = NULL;
	buf_free(&view->data);
	delta_free(&view->delta);
	frame_unref(view->update);
	frame_unref(view->changes);
	free(view);
}

/* A message around the document; NULL without memory. */
static struct frame *make_frame(const struct view *view, const struct snapshot *s,
				const struct buf *data)
{
	static struct buf text;
	struct message m = {
		.type = "admin:metrics:update", .channel = view->channel, .seq = s->seq};

	message_begin(&text, &m);
	buf_add(&text, data->data, data->len);
	message_end(&text);
	return buf_failed(&text) || buf_failed(data) ? NULL : frame_shared(text.data, text.len);
}

/* Notes what the rows are now, and makes a message of what changed. */
static void step(struct view *view, const struct snapshot *s, const struct encode_server *server)
{
	static struct buf text;
	uint64_t before = view->delta.seq;

	if (before == s->seq)
		return;
	frame_unref(view->changes);
	view->changes = NULL;
	view->since = before;
	buf_reset(&text);
	if (delta_encode(&view->delta, &text, s, &view->wish.what, server))
		view->changes = make_frame(view, s, &text);
}

const struct buf *view_data(struct view *view, const struct snapshot *s,
			    const struct encode_server *server)
{
	if (view->seq == s->seq)
		return &view->data;
	frame_unref(view->update);
	view->update = NULL;
	buf_reset(&view->data);
	encode_snapshot(&view->data, s, &view->wish.what, server);
	view->seq = buf_failed(&view->data) ? 0 : s->seq;

	/* The first reader begins here: what changes from now on is news for it. */
	if (view->wish.delta && view->readers == 1)
		step(view, s, server);
	return view->seq ? &view->data : NULL;
}

static bool full_is_due(const struct view *view, uint64_t seq)
{
	return seq / view->wish.every % VIEW_FULL_EVERY == 0;
}

struct frame *view_update(struct view *view, const struct snapshot *s,
			  const struct encode_server *server, uint64_t have)
{
	const struct buf *data;

	if (view->wish.delta) {
		step(view, s, server);
		if (view->changes && have && view->since == have && !full_is_due(view, s->seq))
			return view->changes;
	}
	data = view_data(view, s, server);
	if (data && !view->update)
		view->update = make_frame(view, s, data);
	return data ? view->update : NULL;
}
