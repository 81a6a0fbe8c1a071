// SPDX-License-Identifier: Apache-2.0
/* A collector above its budget switches a probe off and, when there is room, on again. */
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "collect/collector.h"
#include "collect/sampled.h"
#include "harness/harness.h"
#include "link/privilege.h"

#define MESSAGES 200
#define WINDOWS 100

static struct collector c;

/* Known work for the probe: so many bytes over a unix socket. */
static void exchange(void)
{
	int fds[2];
	char byte = 0;

	CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds) == 0);
	for (int i = 0; i < MESSAGES; i++) {
		CHECK(send(fds[0], &byte, 1, 0) == 1);
		CHECK(recv(fds[1], &byte, 1, 0) == 1);
	}
	close(fds[0]);
	close(fds[1]);
}

static void window(void)
{
	exchange();
	nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
	collector_window(&c, &(struct collector_agent){0});
}

/* The test's own row: what it sent in the newest window, -1 when that is absent. */
static double sent(void)
{
	const struct snapshot *s = builder_finish(&c.builder);

	CHECK(s != NULL);
	for (size_t i = 0; i < snapshot_rows(s, SCOPE_PROCESS); i++) {
		const struct snapshot_row *row = snapshot_row(s, SCOPE_PROCESS, i);
		uint64_t pid = 0;

		snapshot_label(row, SCOPE_PROCESS, LABEL_PROCESS_pid, &pid);
		if (pid == (uint64_t)getpid())
			return snapshot_number(s, row, METRIC_PROCESS_unix_tx, -1);
	}
	harness_fail(__FILE__, __LINE__, "no row of this process");
}

static void open_collector(const char *probes)
{
	struct collector_options o = {.source = "bpf", .node = "test", .probes = probes};
	char error[512];

	if (geteuid() != 0)
		SKIP("needs root");
	if (collector_open(&c, &o, error, sizeof(error)))
		SKIP("%s", error);
	if (!c.states[PROVIDER_SOCKETS].attached)
		SKIP("sockets: %s", c.states[PROVIDER_SOCKETS].reason);
}

/* Windows until the probe is attached, or not. */
static void until(enum provider p, bool attached)
{
	for (int i = 0; i < WINDOWS && c.states[p].attached != attached; i++)
		window();
	CHECK_INT(c.states[p].attached, attached);
}

TEST(a_probe_goes_and_comes_back_without_privileges)
{
	open_collector("");
	bool kprobes = strcmp(c.states[PROVIDER_SOCKETS].variant, "kprobe") == 0;

	CHECK_INT(privilege_drop(), 0);
	window();
	CHECK_REAL(sent(), MESSAGES, 0);

	c.budget.percent = 0.001;
	/* First its hooks, then what TCP bytes are sampled with. */
	until(PROVIDER_SOCKETS, false);
	printf("# %s\n", c.states[PROVIDER_SOCKETS].reason);
	CHECK(strncmp(c.states[PROVIDER_SOCKETS].reason, "switched off: the agent used ", 29) == 0);
	CHECK(strstr(c.states[PROVIDER_SOCKETS].reason, "its budget is 0.001 %") != NULL);
	window();
	CHECK_REAL(sent(), -1, 0);
	CHECK(!c.states[PROVIDER_CONNECTIONS].attached);
	CHECK(c.states[PROVIDER_WALK].attached && c.states[PROVIDER_LIFE].attached);

	if (kprobes)
		SKIP("kprobes do not attach again without privileges");
	c.budget.percent = 10000;
	until(PROVIDER_CONNECTIONS, true);
	CHECK_STRING(c.states[PROVIDER_SOCKETS].variant, "tcp-sampled");
	for (int i = 0; i < WINDOWS && sampled_is_on(&c); i++)
		window();
	CHECK_STRING(c.states[PROVIDER_SOCKETS].reason, "");
	window();
	CHECK_REAL(sent(), MESSAGES, 0);
	CHECK_UINT(c.walk_errors, 0);
	collector_close(&c);
}

TEST(a_probe_that_is_not_wanted_is_absent_and_says_why)
{
	open_collector("");
	collector_close(&c);

	struct collector_options o = {
		.source = "bpf", .node = "test", .probes = "sockets=off, block=raw_tp"};
	char error[512];

	CHECK_INT(collector_open(&c, &o, error, sizeof(error)), 0);
	CHECK_STRING(c.states[PROVIDER_SOCKETS].reason, "switched off by the configuration");
	CHECK_STRING(c.states[PROVIDER_BLOCK].variant, "raw_tp");
	window();
	CHECK_REAL(sent(), -1, 0);
	collector_close(&c);
}

TEST(the_agent_knows_what_its_hooks_cost)
{
	open_collector("");
	window();

	const struct snapshot *s = builder_finish(&c.builder);
	const struct snapshot_row *row = snapshot_row(s, SCOPE_AGENT, 0);
	double per_run = (double)c.hooks_amount_ns[PROVIDER_SOCKETS] / (2 * MESSAGES);

	printf("# a socket call costs %.0f ns at the most\n", per_run);
	CHECK(c.source.map_bytes > 512 * 1024);
	CHECK(snapshot_number(s, row, METRIC_AGENT_bpf_ns_per_s, -1) > 0);
	CHECK(snapshot_number(s, row, METRIC_AGENT_map_bytes, -1) > 512 * 1024);
	CHECK(per_run > 10);
	collector_close(&c);
}
