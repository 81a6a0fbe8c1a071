// SPDX-License-Identifier: Apache-2.0
/* The connections of one process to one remote endpoint. */
#pragma once

#include "base/hash.h"
#include "collect/window.h"

#define POOL_INPUTS (INPUT_END_POOL - INPUT_FIRST_POOL)
#define POOL_INPUT(id) (INPUT_POOL_##id - INPUT_FIRST_POOL)
#define POOL_ADDRESS_LENGTH 46

struct endpoint {
	uint16_t family; /* AF_INET or AF_INET6 */
	uint16_t port;
	uint8_t address[16]; /* as many bytes as the family has, the rest 0 */
};

struct pool {
	uint32_t pid;
	uint64_t process_start_ns;
	char address[POOL_ADDRESS_LENGTH];
	uint16_t port;
	uint32_t connections; /* that point here */
	uint32_t walk;	      /* the gauges are of this walk */
	uint32_t rtt_samples;
	uint64_t amount[POOL_INPUTS];
	uint64_t value[POOL_INPUTS];
};

/* Key of the pool of a process to a remote endpoint, for a table of pools. */
struct hash_pair pool_key(uint32_t pid, uint64_t process_start_ns, const struct endpoint *remote);

/* A new pool without connections; NULL without memory. The caller frees it with free(). */
struct pool *pool_new(uint32_t pid, uint64_t process_start_ns, const struct endpoint *remote);

/* Counts what happened in this window. */
void pool_count(struct pool *pool, enum input input, uint64_t n);

/* Adds one connection to the gauges of this walk. rtt_us 0: not measured. */
void pool_gauge(struct pool *pool, uint32_t walk, enum input input, uint32_t rtt_us);

/* Whether anything happened in this window. */
bool pool_has_amount(const struct pool *pool);

/* What usually listens on a port ("postgresql"); NULL where that is not well known. */
const char *pool_service(uint16_t port);

/* Adds the pool's row; p is its process, NULL when it is gone. walk is the newest one. */
void pool_emit(const struct pool *pool, const struct process *p, struct builder *b, uint32_t walk,
	       uint64_t length_ns);
