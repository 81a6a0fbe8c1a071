// SPDX-License-Identifier: Apache-2.0
/* What one connection receives: a channel, and for metrics a view and what of it was sent. */
#pragma once

#include "serve/request.h"
#include "serve/view.h"

/* Of one connection. */
#define SUBSCRIPTIONS_MAX 64

struct subscription {
	struct subscription *next;
	struct view *view;    /* of metrics; NULL for all other channels */
	uint32_t every;	      /* send each so many windows */
	uint64_t have;	      /* window that the reader has, 0: none */
	struct frame *update; /* newest metrics that wait; an older one gave way */
	uint64_t update_seq;  /* window of update */
	uint32_t skipped_in_a_row;
	uint64_t skipped;
	uint64_t skipped_told; /* by the last lagged message */
	char channel[];
};

/* Handlers of subscribe, unsubscribe, update_interval and apply_filter. */
void subscription_add(const struct request *r);
void subscription_remove(const struct request *r);
void subscription_set_interval(const struct request *r);
void subscription_set_filter(const struct request *r);

/* The session's subscription to this channel, NULL when there is none. */
struct subscription *subscription_find(const struct session *c, const char *channel);

/* The claims of a session changed: its views show what it may see now. */
void subscription_follow_claims(struct session *c);

/* Ends all subscriptions of a session that ends. */
void subscription_end_all(struct session *c);

/* Sends the metrics of a new snapshot to a session's subscriptions. */
void subscription_send_updates(struct session *c, const struct snapshot *s,
			       const struct encode_server *numbers);
