// SPDX-License-Identifier: Apache-2.0
/* Channels: which there are for whom, and for what a pattern stands. */
#include "serve/channel.h"

#include <stdlib.h>

#include "harness/harness.h"
#include "serve/subscription.h"

static struct claims claims_of(enum role role, const char *tenant)
{
	struct claims claims = {.subject = "ann", .role = role};

	if (tenant) {
		claims.tenants.limited = true;
		CHECK(!*tenant || tenants_add(&claims.tenants, tenant));
	}
	return claims;
}

static const char *list(const struct claims *claims)
{
	static struct buf b;

	buf_reset(&b);
	channel_list(&b, claims);
	buf_add_char(&b, '\0');
	return b.data;
}

TEST(a_role_has_its_channels)
{
	struct claims claims = claims_of(ROLE_ADMIN, NULL);

	CHECK_STRING(list(&claims),
		     "[\"metrics\",\"alerts\",\"events\",\"system:notifications\",\"activity\","
		     "\"platform:health\",\"user:ann:notifications\",\"tenant:*:metrics\","
		     "\"tenant:*:alerts\"]");
	claims = claims_of(ROLE_SUPER_ADMIN, "blue");
	CHECK_STRING(list(&claims),
		     "[\"metrics\",\"alerts\",\"events\",\"system:notifications\","
		     "\"user:ann:notifications\",\"tenant:blue:metrics\",\"tenant:blue:alerts\"]");
	claims = claims_of(ROLE_SUPER_ADMIN, "");
	CHECK_STRING(list(&claims), "[\"metrics\",\"alerts\",\"events\",\"system:notifications\","
				    "\"user:ann:notifications\"]");
}

/* For each: admin, super_admin, super_admin of the tenant blue. y, or n, or f for forbidden. */
static const struct {
	const char *channel, *reach;
} cases[] = {
	{"metrics", "yyy"},
	{"alerts", "yyy"},
	{"events", "yyy"},
	{"system:notifications", "yyy"},
	{"activity", "yyf"},
	{"platform:health", "yyf"},
	{"platform:security", "fyf"},
	{"platform:*", "yyf"},
	{"platform:s*", "fyf"},
	{"tenant:blue:metrics", "yyy"},
	{"tenant:blue:alerts", "yyy"},
	{"tenant:green:metrics", "yyn"},
	{"tenant:green:alerts", "yyn"},
	{"tenant:*:alerts", "yyy"},
	{"tenant:g*:alerts", "yyn"},
	{"tenant:b*:metrics", "yyy"},
	{"tenant:g*:metrics", "yyn"},
	{"tenant:*", "yyy"},
	{"user:ann:notifications", "yyy"},
	{"user:bob:notifications", "nnn"},
	{"user:*:notifications", "yyy"},
	{"user:b*", "nnn"},
	{"*", "yyy"},
	{"", "nnn"},
	{"metric", "nnn"},
	{"metric?", "nnn"},
	{"tenant::alerts", "nnn"},
	{"tenant:a b:alerts", "nnn"},
	{"tenant:a:b:alerts", "nnn"},
	{"tenant:blue:", "nnn"},
	{"tenant:blue:else", "nnn"},
	{"tenant:", "nnn"},
	{"Alerts", "nnn"},
	{"alerts\n", "nnn"},
};

TEST(a_pattern_stands_for_what_its_holder_may_have)
{
	const struct claims holders[] = {claims_of(ROLE_ADMIN, NULL),
					 claims_of(ROLE_SUPER_ADMIN, NULL),
					 claims_of(ROLE_SUPER_ADMIN, "blue")};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		for (int h = 0; h < 3; h++) {
			const char *code;
			bool reached = channel_reachable(&holders[h], cases[i].channel, &code);
			char got = reached ? 'y' : strcmp(code, "forbidden") == 0 ? 'f' : 'n';

			if (got != cases[i].reach[h])
				harness_fail(__FILE__, __LINE__, "%s for holder %d: %c, not %c",
					     cases[i].channel, h, got, cases[i].reach[h]);
		}
	}
}

static void subscribe(struct session *c, const char *channel)
{
	struct subscription *sub = calloc(1, sizeof(*sub) + strlen(channel) + 1);

	CHECK(sub != NULL);
	memcpy(sub->channel, channel, strlen(channel) + 1);
	sub->next = c->subscriptions;
	c->subscriptions = sub;
}

static void leave_all(struct session *c)
{
	while (c->subscriptions) {
		struct subscription *sub = c->subscriptions;

		c->subscriptions = sub->next;
		free(sub);
	}
}

TEST(each_message_is_checked_anew)
{
	struct session c = {.claims = claims_of(ROLE_SUPER_ADMIN, NULL)};

	CHECK(!channel_has(&c, "alerts"));
	subscribe(&c, "*");
	CHECK(channel_has(&c, "alerts") && channel_has(&c, "platform:security"));
	CHECK(channel_has(&c, "tenant:green:alerts") && channel_has(&c, "user:ann:notifications"));
	CHECK(!channel_has(&c, "user:bob:notifications") && !channel_has(&c, "nothing"));
	c.claims = claims_of(ROLE_ADMIN, "blue");
	CHECK(channel_has(&c, "alerts") && !channel_has(&c, "platform:security"));
	CHECK(!channel_has(&c, "tenant:green:alerts") && channel_has(&c, "tenant:blue:alerts"));
	leave_all(&c);
}

/* A subject may look like a pattern: it is one's own channel only. */
TEST(a_subject_is_no_pattern)
{
	struct session c = {.claims = claims_of(ROLE_ADMIN, NULL)};

	c.claims.subject[0] = '*';
	c.claims.subject[1] = '\0';
	subscribe(&c, "user:*:notifications");
	CHECK(channel_has(&c, "user:*:notifications"));
	CHECK(!channel_has(&c, "user:ann:notifications"));
	leave_all(&c);
}
