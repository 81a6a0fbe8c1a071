// SPDX-License-Identifier: Apache-2.0
#include "serve/view.h"

#include <stdlib.h>

#include "serve/message.h"

static struct view *view_new(const struct encode_view *what)
{
	struct view *view = calloc(1, sizeof(*view));

	if (view) {
		view->what = *what;
		view->readers = 1;
	}
	return view;
}

struct view *view_get(struct views *v, const struct encode_view *what)
{
	struct view **free_place = NULL;

	for (size_t i = 0; i < VIEW_MAX; i++) {
		struct view *view = v->list[i];

		if (!view) {
			free_place = free_place ? free_place : &v->list[i];
		} else if (view->what.sort == what->sort && view->what.limit == what->limit) {
			view->readers++;
			return view;
		}
	}
	if (!free_place)
		return NULL;
	*free_place = view_new(what);
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
	frame_unref(view->update);
	free(view);
}

const struct buf *view_data(struct view *view, const struct snapshot *s,
			    const struct encode_server *server)
{
	if (view->seq == s->seq)
		return &view->data;
	frame_unref(view->update);
	view->update = NULL;
	buf_reset(&view->data);
	encode_snapshot(&view->data, s, &view->what, server);
	view->seq = buf_failed(&view->data) ? 0 : s->seq;
	return view->seq ? &view->data : NULL;
}

struct frame *view_update(struct view *view, const struct snapshot *s,
			  const struct encode_server *server)
{
	static struct buf text;
	const struct buf *data = view_data(view, s, server);
	struct message m = {.type = "admin:metrics:update", .channel = "metrics", .seq = s->seq};

	if (!data || view->update)
		return view->update;
	message_begin(&text, &m);
	buf_add(&text, data->data, data->len);
	message_end(&text);
	if (!buf_failed(&text))
		view->update = frame_text(text.data, text.len);
	return view->update;
}
