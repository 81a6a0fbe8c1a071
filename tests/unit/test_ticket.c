// SPDX-License-Identifier: Apache-2.0
#include "harness/harness.h"
#include "serve/ticket.h"

#define NOW 1800000000ULL

static struct tickets tickets;
static const struct claims claims = {.subject = "ann", .role = ROLE_SYSTEM_ADMINISTRATOR};

TEST(a_ticket_is_good_once)
{
	struct claims got = {0};
	const char *text = ticket_make(&tickets, &claims, NOW);
	char copy[TICKET_LENGTH + 1];

	CHECK(text != NULL);
	memcpy(copy, text, sizeof(copy));
	CHECK(ticket_use(&tickets, copy, NOW + 29, &got));
	CHECK_STRING(got.subject, "ann");
	CHECK_INT(got.role, ROLE_SYSTEM_ADMINISTRATOR);
	CHECK(!ticket_use(&tickets, copy, NOW + 29, &got));
}

TEST(a_ticket_ends_after_30_seconds)
{
	struct claims got;
	const char *text = ticket_make(&tickets, &claims, NOW);

	CHECK(!ticket_use(&tickets, text, NOW + 30, &got));
}

TEST(nothing_else_is_a_ticket)
{
	struct claims got;
	static char zeros[TICKET_LENGTH + 1];

	memset(zeros, '0', TICKET_LENGTH);
	CHECK(!ticket_use(&tickets, "", NOW, &got));
	CHECK(!ticket_use(&tickets, "x", NOW, &got));
	CHECK(!ticket_use(&tickets, zeros, NOW, &got));
}

TEST(places_are_bounded_and_come_back)
{
	for (int i = 0; i < TICKET_MAX; i++)
		CHECK(ticket_make(&tickets, &claims, NOW) != NULL);
	CHECK(ticket_make(&tickets, &claims, NOW + 29) == NULL);
	CHECK(ticket_make(&tickets, &claims, NOW + 30) != NULL);
}
