// SPDX-License-Identifier: Apache-2.0
/*
 * What changed since the last window: the rows of a view are kept as they were
 * written, and those that would be written the same again are left out.
 */
#pragma once

#include "base/table.h"
#include "encode/encode.h"

/* The rows of one window. */
struct delta_rows {
	struct buf text;
	struct buf entries; /* struct delta_entry */
};

struct delta {
	struct delta_rows now, before;
	struct table places; /* in before, by what names the row: the entry's number from 1 on */
	uint64_t seq;	     /* of before; 0: there is none */
	bool failed;	     /* memory was short */
};

/*
 * Appends the document of what changed since the last call: "since" has its seq, "gone" the rows
 * that are no longer in the view. What it has now is kept for the next call. False without memory,
 * or when there was no call before: out then has nothing of use.
 */
bool delta_encode(struct delta *d, struct buf *out, const struct snapshot *s,
		  const struct encode_view *view, const struct encode_server *server);

/* Frees what is kept. */
void delta_free(struct delta *d);
