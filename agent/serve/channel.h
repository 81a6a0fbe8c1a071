// SPDX-License-Identifier: Apache-2.0
/*
 * Channels: named streams of messages. A client subscribes to one by its name,
 * or to those whose names match a glob; it then gets what is sent on each of
 * them that it may have, which is looked at anew with each message.
 */
#pragma once

#include "serve/server.h"

/* Longer than the name of any channel: a subject has at most 255 bytes. */
#define CHANNEL_MAX 300

/* True for metrics and tenant:{name or glob}:metrics; the glob, or "", then stands in ret_tenant.
 */
bool channel_is_metrics(const char *channel, char ret_tenant[TENANT_MAX_BYTES]);

/* Whether these claims may have what is sent on the channel of this name, which is no pattern. */
bool channel_allowed(const struct claims *claims, const char *channel);

/*
 * Whether a name or pattern stands for any channel that these claims may have. When it does not,
 * the code of an error: forbidden for a channel that is there for other roles, else
 * unknown_channel.
 */
bool channel_reachable(const struct claims *claims, const char *pattern, const char **ret_code);

/* Appends the channels that these claims may have, as an array. */
void channel_list(struct buf *b, const struct claims *claims);

/* Whether the session subscribed to the channel of this name, by name or pattern, and may have it.
 */
bool channel_has(const struct session *c, const char *channel);

/* Who gets a message. */
enum channel_audience { AUDIENCE_ALL, AUDIENCE_LIMITED, AUDIENCE_UNLIMITED };

/* Sends a frame to all that channel_has() is true for and that are of the audience. The caller
 * keeps its reference; NULL is fine. */
void channel_send(struct server *s, const char *channel, enum channel_audience audience,
		  struct frame *f);

/* The same for a message that is made of data, which is JSON; nobody listening costs nothing. */
void channel_tell(struct server *s, const char *channel, const char *type, const struct buf *data);
