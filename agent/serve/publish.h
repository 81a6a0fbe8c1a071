// SPDX-License-Identifier: Apache-2.0
/* What the server tells on its channels. */
#pragma once

#include "serve/server.h"

/* A change of an alert; for alert_engine_new(). In alerts.c. */
void publish_alert(void *server, enum alert_change change, const struct alert *alert);

/* The tenant that an alert is about, "" for none. In alerts.c. */
const char *alert_tenant(const struct alert *alert);

/* Appends the alerts that fire and that the session gets by this channel or pattern, as an array.
 * In alerts.c. */
void publish_add_alerts(struct buf *b, const struct session *c, const char *pattern);

/* Who begins, ends and is killed in this window. In events.c. */
void publish_events(struct server *s, const struct snapshot *newest);

/* Forgets what events were told. In events.c. */
void publish_events_free(struct server *s);

/* Somebody "join"s or "leave"s, or does something else that others should know. In platform.c. */
void publish_activity(struct server *s, const char *action, const struct session *c);

/* Tells the state of the agent when it is another than before. In platform.c. */
void publish_health(struct server *s);

/* Appends the state of the agent as an object. In platform.c. */
void publish_add_health(struct buf *b, const struct server *s);

/* Somebody was refused. In platform.c. */
void publish_refusal(struct server *s, const char *address, const char *why);

/* A notice to everyone; both texts are our own. In platform.c. */
void publish_notice(struct server *s, const char *severity, const char *message);
