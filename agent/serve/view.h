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
#include "serve/delta.h"
#include "serve/frame.h"

#define VIEW_MAX 256

/* Of a view that sends what changed, every so manieth message is a full one. */
#define VIEW_FULL_EVERY 60

/* "tenant:" and ":metrics" around a glob of tenants */
#define VIEW_CHANNEL_MAX (TENANT_MAX_BYTES + 16)

/* What a subscription asks for. Starts as zeros, and is compared byte by byte. */
struct view_wish {
	struct encode_view what;
	uint32_t every; /* send each so many windows */
	uint32_t delta; /* 1: only what changed */
};

struct view {
	struct view_wish wish; /* every is 0 where it does not matter for what is encoded */
	char channel[VIEW_CHANNEL_MAX];
	unsigned readers;
	uint64_t seq;	      /* of the snapshot that data and update were made from; 0: none */
	struct buf data;      /* the snapshot document */
	struct frame *update; /* as admin:metrics:update; NULL until asked for */
	struct delta delta;
	struct frame *changes; /* what changed since the window of this number; NULL: not known */
	uint64_t since;
};

struct views {
	struct view *list[VIEW_MAX];
};

/* The view that shows this, made when it is new; one reader more. NULL when there are too many. */
struct view *view_get(struct views *v, const struct view_wish *wish);

/* One reader less; the last one's view is freed. NULL is fine. */
void view_put(struct views *v, struct view *view);

/* The snapshot document of this view. Valid until the view's next window. NULL without memory. */
const struct buf *view_data(struct view *view, const struct snapshot *s,
			    const struct encode_server *server);

/*
 * The update message of this view for a reader who has the document of the window have (0: none):
 * what changed since, or else the whole. The view keeps the reference. NULL without memory.
 */
struct frame *view_update(struct view *view, const struct snapshot *s,
			  const struct encode_server *server, uint64_t have);
