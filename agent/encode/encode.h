// SPDX-License-Identifier: Apache-2.0
/*
 * JSON out: catalogue and snapshot to bytes. Pure: no I/O, no allocation beyond
 * the buffer. Whatever bytes come in, valid UTF-8 and valid JSON go out.
 */
#pragma once

#include <stdbool.h>

#include "alert/alert.h"
#include "base/buf.h"
#include "encode/row.h"
#include "snapshot/order.h"
#include "snapshot/snapshot.h"

/*
 * What a reader wants of a snapshot. Plain bytes, without pointers: views that
 * were made alike, from zeros, are equal byte by byte.
 */
struct encode_view {
	enum metric sort;    /* of SCOPE_PROCESS; largest first, then by pid */
	uint32_t limit;	     /* rows at the most; 0 means all */
	uint32_t offset;     /* rows to leave out at the beginning */
	enum scope filtered; /* what filter is about: SCOPE_PROCESS, which is 0, or SCOPE_GROUP */
	bool ascending;	     /* smallest first */
	bool masked;	     /* processes and groups show what the masks have; else everything */
	char tenant[TENANT_MAX_BYTES]; /* glob: show what belongs to these tenants; "" for all */
	struct tenants tenants;	       /* and what the reader may see */
	struct encode_mask process_mask, group_mask;
	struct filter filter;
};

/* True when the document is that of tenants: of the machine as a whole it then says nothing. */
static inline bool encode_view_narrow(const struct encode_view *view)
{
	return view->tenants.limited || view->tenant[0];
}

/* The rows that a view wants of the scope; it points into the view. */
struct order_wish encode_view_wish(const struct encode_view *view, enum scope scope);

/* What the server knows of itself, shown as system.websocket. */
struct encode_server {
	uint64_t connections;
	uint64_t messages_sent;
	uint64_t messages_skipped; /* for slow readers */
};

/*
 * Appends a string with its quotes. Bytes that are not UTF-8 become U+FFFD;
 * control characters, quotes, backslashes, U+2028, U+2029, DEL, '<', '>' and '&'
 * are escaped, so that the text is harmless inside a page too.
 */
void encode_string(struct buf *b, const char *text, size_t len);

/* Appends a number; a double that is not finite becomes null. At most 6 decimals, none that are 0.
 */
void encode_integer(struct buf *b, uint64_t value);
void encode_real(struct buf *b, double value);

/* Appends the snapshot document (the "data" of admin:metrics:update). server may be NULL. */
void encode_snapshot(struct buf *b, const struct snapshot *s, const struct encode_view *view,
		     const struct encode_server *server);

/*
 * Asked about each row of "processes" and "groups" that was written: its text begins at begin, and
 * the part that names the row ends at key_end. False takes the row out again.
 */
typedef bool (*encode_row_listener)(void *context, struct buf *b, enum scope scope, size_t begin,
				    size_t key_end);

/* Who is told of the rows, and adds members of its own at the end. */
struct encode_hook {
	encode_row_listener row;
	void (*end)(void *context, struct buf *b);
	void *context;
};

/* The same with a hook. */
void encode_snapshot_hooked(struct buf *b, const struct snapshot *s, const struct encode_view *view,
			    const struct encode_server *server, const struct encode_hook *hook);

/*
 * Appends the member "processes" (or "groups") of a view: an array. Returns how many rows there
 * would be without limit and offset.
 */
size_t encode_view_rows(struct buf *b, const struct snapshot *s, const char *name, enum scope scope,
			const struct encode_view *view, const struct encode_hook *hook);

/* Appends the metrics of a scope that has one row, as an object. */
void encode_scope(struct buf *b, const struct snapshot *s, const char *name, enum scope scope);

/* Appends the metric catalogue: {"scopes":[{name,help,labels:[...],metrics:[...]}]}. */
void encode_catalogue(struct buf *b);

/* Appends one rule as an object. */
void encode_rule(struct buf *b, const struct rule *rule);

/* Appends one alert as an object. */
void encode_alert(struct buf *b, const struct alert *alert);
