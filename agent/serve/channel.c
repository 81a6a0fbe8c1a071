// SPDX-License-Identifier: Apache-2.0
#include "serve/channel.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "encode/writer.h"
#include "serve/message.h"
#include "serve/subscription.h"

#define TENANT_PREFIX "tenant:"
#define ALERTS_SUFFIX ":alerts"
#define METRICS_SUFFIX ":metrics"

/* Channels that are always there. */
static const struct {
	const char *name;
	enum role role; /* least */
	bool whole;	/* tells of the machine as a whole: nothing for a tenant */
	bool metrics;
} fixed[] = {
	{"metrics", ROLE_ADMIN, false, true},
	{"alerts", ROLE_ADMIN, false, false},
	{"events", ROLE_ADMIN, false, false},
	{"system:notifications", ROLE_ADMIN, false, false},
	{"activity", ROLE_ADMIN, true, false},
	{"platform:health", ROLE_ADMIN, true, false},
	{"platform:security", ROLE_SYSTEM_ADMINISTRATOR, true, false},
};

#define FIXED (sizeof(fixed) / sizeof(*fixed))

/* What stands between prefix and suffix, when it can be a tenant's name or a glob of them. */
static bool take_tenant(const char *channel, const char *suffix, char ret[TENANT_MAX_BYTES])
{
	size_t len = strlen(channel), before = sizeof(TENANT_PREFIX) - 1, after = strlen(suffix);
	char plain[TENANT_MAX_BYTES];

	if (len <= before + after || len - before - after >= TENANT_MAX_BYTES ||
	    strncmp(channel, TENANT_PREFIX, before) != 0 ||
	    strcmp(channel + len - after, suffix) != 0)
		return false;
	len -= before + after;
	memset(ret, 0, TENANT_MAX_BYTES);
	memcpy(ret, channel + before, len);
	memcpy(plain, ret, TENANT_MAX_BYTES);
	for (char *c = plain; *c; c++)
		if (*c == '*' || *c == '?')
			*c = 'x';
	return tenant_name_valid(plain);
}

bool channel_is_metrics(const char *channel, char ret_tenant[TENANT_MAX_BYTES])
{
	memset(ret_tenant, 0, TENANT_MAX_BYTES);
	return strcmp(channel, "metrics") == 0 || take_tenant(channel, METRICS_SUFFIX, ret_tenant);
}

static void user_channel(const struct claims *claims, char name[CHANNEL_MAX])
{
	snprintf(name, CHANNEL_MAX, "user:%s:notifications", claims->subject);
}

bool channel_allowed(const struct claims *claims, const char *channel)
{
	char tenant[TENANT_MAX_BYTES], own[CHANNEL_MAX];

	for (size_t i = 0; i < FIXED; i++)
		if (strcmp(fixed[i].name, channel) == 0)
			return claims->role >= fixed[i].role &&
			       !(fixed[i].whole && claims->tenants.limited);
	user_channel(claims, own);
	if (strcmp(channel, own) == 0)
		return true;
	return (take_tenant(channel, ALERTS_SUFFIX, tenant) ||
		take_tenant(channel, METRICS_SUFFIX, tenant)) &&
	       tenants_allow(&claims->tenants, tenant);
}

static bool matches_alerts(const char *pattern, const char *tenant)
{
	char name[TENANT_MAX_BYTES + 16];

	snprintf(name, sizeof(name), TENANT_PREFIX "%s" ALERTS_SUFFIX, tenant);
	return text_glob(pattern, name);
}

/* Which tenants there are is not known before they have something to tell. */
static bool reaches_alerts(const struct tenants *tenants, const char *pattern)
{
	char glob[TENANT_MAX_BYTES];

	for (const char *at = NULL; tenants->limited && (at = tenants_next(tenants, at));)
		if (matches_alerts(pattern, at))
			return true;
	return !tenants->limited &&
	       (take_tenant(pattern, ALERTS_SUFFIX, glob) || matches_alerts(pattern, "tenant"));
}

static bool reaches_metrics(const struct tenants *tenants, const char *glob)
{
	for (const char *at = NULL; tenants->limited && (at = tenants_next(tenants, at));)
		if (text_glob(glob, at))
			return true;
	return !tenants->limited;
}

/* Metrics are made for their subscriber, who names them in full: no other pattern stands for them.
 */
bool channel_reachable(const struct claims *claims, const char *pattern, const char **ret_code)
{
	char own[CHANNEL_MAX], tenant[TENANT_MAX_BYTES];

	*ret_code = "unknown_channel";
	if (channel_is_metrics(pattern, tenant))
		return !tenant[0] || reaches_metrics(&claims->tenants, tenant);
	for (size_t i = 0; i < FIXED; i++) {
		if (fixed[i].metrics || !text_glob(pattern, fixed[i].name))
			continue;
		if (channel_allowed(claims, fixed[i].name))
			return true;
		*ret_code = "forbidden";
	}
	user_channel(claims, own);
	return text_glob(pattern, own) || strcmp(pattern, own) == 0 ||
	       reaches_alerts(&claims->tenants, pattern);
}

static void add_name(struct buf *b, const char *name)
{
	encode_comma(b);
	encode_string(b, name, strlen(name));
}

void channel_list(struct buf *b, const struct claims *claims)
{
	char name[CHANNEL_MAX];

	buf_add_char(b, '[');
	for (size_t i = 0; i < FIXED; i++)
		if (channel_allowed(claims, fixed[i].name))
			add_name(b, fixed[i].name);
	user_channel(claims, name);
	add_name(b, name);
	if (!claims->tenants.limited) {
		add_name(b, TENANT_PREFIX "*" METRICS_SUFFIX);
		add_name(b, TENANT_PREFIX "*" ALERTS_SUFFIX);
	}
	for (const char *at = NULL; (at = tenants_next(&claims->tenants, at));) {
		snprintf(name, sizeof(name), TENANT_PREFIX "%s" METRICS_SUFFIX, at);
		add_name(b, name);
		snprintf(name, sizeof(name), TENANT_PREFIX "%s" ALERTS_SUFFIX, at);
		add_name(b, name);
	}
	buf_add_char(b, ']');
}

bool channel_has(const struct session *c, const char *channel)
{
	for (const struct subscription *sub = c->subscriptions; sub; sub = sub->next)
		if (!sub->view &&
		    (strcmp(sub->channel, channel) == 0 || text_glob(sub->channel, channel)))
			return channel_allowed(&c->claims, channel);
	return false;
}

void channel_send(struct server *s, const char *channel, enum channel_audience audience,
		  struct frame *f)
{
	for (struct session *c = s->sessions; c && f; c = c->next) {
		if (audience != AUDIENCE_ALL &&
		    c->claims.tenants.limited != (audience == AUDIENCE_LIMITED))
			continue;
		if (channel_has(c, channel))
			session_send(c, f);
	}
}

static bool anyone_has(const struct server *s, const char *channel)
{
	for (const struct session *c = s->sessions; c; c = c->next)
		if (channel_has(c, channel))
			return true;
	return false;
}

void channel_tell(struct server *s, const char *channel, const char *type, const struct buf *data)
{
	static struct buf text;
	struct message m = {.type = type, .channel = channel};
	struct frame *f;

	if (buf_failed(data) || !anyone_has(s, channel))
		return;
	message_begin(&text, &m);
	buf_add(&text, data->data, data->len);
	message_end(&text);
	f = buf_failed(&text) ? NULL : frame_shared(text.data, text.len);
	channel_send(s, channel, AUDIENCE_ALL, f);
	frame_unref(f);
}
