// SPDX-License-Identifier: Apache-2.0
/*
 * Views: what a metrics subscription shows. Many readers ask for the same, so
 * each distinct view is encoded at most once a window, when its first reader
 * needs it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "encode/encode.h"
#include "serve/frame.h"

#define VIEW_MAX 256

struct view {
	struct encode_view what;
	unsigned readers;
	uint64_t seq;	      /* of the snapshot that data and update were made from; 0: none */
	struct buf data;      /* the snapshot document */
	struct frame *update; /* as admin:metrics:update; NULL until asked for */
};

struct views {
	struct view *list[VIEW_MAX];
};

/* The view that shows this, made when it is new; one reader more. NULL when there are too many. */
struct view *view_get(struct views *v, const struct encode_view *what);

/* One reader less; the last one's view is freed. NULL is fine. */
void view_put(struct views *v, struct view *view);

/* The snapshot document of this view. Valid until the view's next window. NULL without memory. */
const struct buf *view_data(struct view *view, const struct snapshot *s,
			    const struct encode_server *server);

/* The update message of this view; the view keeps the reference. NULL without memory. */
struct frame *view_update(struct view *view, const struct snapshot *s,
			  const struct encode_server *server);
