// SPDX-License-Identifier: Apache-2.0
/* A running agent of the test's own. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct test_agent {
	pid_t collector;
	char state_dir[64];
	char url[2048]; /* as printed, with the token */
	int out;	/* its standard output */
};

/*
 * Starts `probecast run` on a free port of loopback with a state directory of
 * its own and a short window, and waits for the URL. Skips the test when the
 * program is not built.
 */
void test_agent_start(struct test_agent *a, const char *source);

/* The server's pid: the collector's only child. Waits until there is one that is not `not_this`. */
pid_t test_agent_server(const struct test_agent *a, pid_t not_this);

/* True when GET /healthz answers 200 within timeout_ms. */
bool test_agent_healthy(const struct test_agent *a, int timeout_ms);

/* Ends it by SIGTERM; returns its exit status, or -1 when it had to be killed. */
int test_agent_stop(struct test_agent *a);

/* True when no process has this pid, or only a zombie. */
bool test_is_gone(pid_t pid, int timeout_ms);
