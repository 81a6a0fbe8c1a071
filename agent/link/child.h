// SPDX-License-Identifier: Apache-2.0
/* The server process, as the collector sees it: start, greet, start again when it dies. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "link/link.h"
#include "link/privilege.h"

#define CHILD_BACKOFF_MIN_MS 200
#define CHILD_BACKOFF_MAX_MS 30000

struct child {
	pid_t pid; /* 0 when there is none */
	int fd;	   /* the collector's end of the link, -1 when there is none */
	int program_fd;
	struct privilege_user user;
	struct buf greeting; /* the bundle each new server gets first */
	uint64_t started_ns; /* boot clock */
	uint64_t restart_at_ns;
	uint32_t backoff_ms;
	uint64_t restarts;
	uint64_t cpu_ns;      /* as the living one told it */
	uint64_t cpu_dead_ns; /* of those that died */
	uint64_t unsent;      /* snapshots that found the link full */
};

/* Sets up; opens this program for later starts. Returns 0 or a negative errno. */
int child_init(struct child *c, const struct privilege_user *user);

/* Puts what each new server gets first. Takes the bytes. */
void child_greet(struct child *c, struct buf *bundle);

/* Sends the greeting again to the server that runs: its configuration changed. */
void child_tell(struct child *c);

/* Starts the server. Returns 0 or a negative errno. */
int child_start(struct child *c);

/*
 * Sends a snapshot by its parts. False when a server that is behind or gone misses it, which is
 * counted.
 */
bool child_send(struct child *c, const struct iovec *parts, int count);

/*
 * Looks after the server: collects one that died (the link's end is closed), and
 * starts the next when its backoff is over. Returns true when one was started.
 */
bool child_tend(struct child *c, uint64_t now_ns);

/* CPU time of all servers so far. */
static inline uint64_t child_cpu_ns(const struct child *c)
{
	return c->cpu_ns + c->cpu_dead_ns;
}

/* Resident memory of the server in bytes, 0 when it cannot be told. */
uint64_t child_rss_bytes(const struct child *c);

/* Asks the server to end, waits up to timeout_ms, then kills it. */
void child_stop(struct child *c, uint32_t timeout_ms);
