// SPDX-License-Identifier: Apache-2.0
/* How probes shall attach, from text. */
#include "collect/wish.h"
#include "harness/harness.h"

static struct probe_state states[PROVIDERS];
static char error[512];

TEST(wishes_reach_their_probes)
{
	CHECK_INT(wish_parse("", states, error, sizeof(error)), 0);
	CHECK_INT(wish_parse(" sockets=kprobe,  block=off ", states, error, sizeof(error)), 0);
	CHECK_STRING(states[PROVIDER_SOCKETS].wanted, "kprobe");
	CHECK_STRING(states[PROVIDER_BLOCK].wanted, "off");
	CHECK_STRING(states[PROVIDER_WALK].wanted, "");
	CHECK_INT(wish_parse("sockets=tcp-sampled", states, error, sizeof(error)), 0);
	CHECK_STRING(states[PROVIDER_SOCKETS].wanted, "tcp-sampled");
}

TEST(what_is_no_wish_is_refused)
{
	static const char *const wrong[] = {
		"sockets",	 "sockets=",	      "=kprobe",
		"socket=kprobe", "sockets:fexit",     "sockets=kprobes",
		"sockets=OFF",	 "walk=off",	      "life=off",
		"block=off x",	 "block=tcp-sampled", "sockets=kprobekprobekprobekprobe",
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		error[0] = '\0';
		if (wish_parse(wrong[i], states, error, sizeof(error)) != -1)
			harness_fail(__FILE__, __LINE__, "\"%s\" was taken", wrong[i]);
		CHECK(strncmp(error, "probes: ", 8) == 0);
	}
	CHECK_STRING(states[PROVIDER_SOCKETS].wanted, "");
}
