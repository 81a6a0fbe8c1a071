// SPDX-License-Identifier: Apache-2.0
/* The running agent: feed and server child, on one epoll. */
#pragma once

#include <stdbool.h>

#include "collect/feed.h"
#include "config/config.h"
#include "link/child.h"

struct agent {
	struct feed feed;
	struct child child;
	int epoll_fd, timer_fd, signal_fd;
	int child_watched; /* the descriptor of the link that epoll watches, -1 for none */
	/* A recorded feed waits for the server: no window of it is lost on one that is slow. */
	bool unanswered; /* the server has not answered the last window */
	bool overdue;	 /* the next one waits for that */
	uint16_t port;	 /* on which the server listens; 0 until it does */
	bool stop;
	int status;		       /* exit status once stop is set */
	void (*reload)(void *context); /* on SIGHUP */
	/* When the server listens for the first time; token is "" or opens the dashboard. */
	void (*ready)(void *context, const char *token);
	void *context;
};

/*
 * Opens epoll, timer and signals. Feed and child are the caller's to open.
 * Returns 0 or a negative errno.
 */
int agent_open(struct agent *a);

/* Runs until a signal or a server that cannot start ends it. Returns the exit status. */
int agent_loop(struct agent *a);

/* Stops the child and frees everything. */
void agent_close(struct agent *a);
