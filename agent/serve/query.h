// SPDX-License-Identifier: Apache-2.0
/* The parameters of a request: each once, each known, each taken. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <libwebsockets.h>

#define QUERY_MAX 32
#define QUERY_MAX_NAME 64
#define QUERY_MAX_VALUE 512
#define QUERY_ERROR 256

struct query_parameter {
	char name[QUERY_MAX_NAME];
	char value[QUERY_MAX_VALUE];
	bool taken;
};

struct query {
	struct query_parameter list[QUERY_MAX];
	size_t count;
	const char *asked[QUERY_MAX]; /* names that were looked for, to propose one of them */
	size_t asked_count;
};

/* Reads the parameters of a request. False with the error written (QUERY_ERROR bytes). */
bool query_read(struct lws *wsi, struct query *q, char *error);

/* Adds "name=value". False with the error written. */
bool query_add(struct query *q, const char *text, char *error);

/* The value of a parameter, which is then taken; NULL when it was not given. */
const char *query_get(struct query *q, const char *name);

/* The same for a whole number up to most; fallback when it was not given. False with the error. */
bool query_number(struct query *q, const char *name, uint64_t most, uint64_t fallback,
		  uint64_t *ret, char *error);

/* The next parameter that was not taken, and is now; NULL when there is none. */
const struct query_parameter *query_rest(struct query *q);

/* True when all were taken; else the error says which is unknown. */
bool query_is_done(struct query *q, char *error);
