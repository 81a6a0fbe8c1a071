// SPDX-License-Identifier: Apache-2.0
/* Single-use tickets: how a browser, which cannot set headers on a WebSocket, says who it is. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "serve/auth.h"

#define TICKET_LENGTH 64 /* hexadecimal digits of 32 random bytes */
#define TICKET_SECONDS 30
#define TICKET_MAX 1024

struct ticket {
	char text[TICKET_LENGTH + 1]; /* "" when the place is free */
	uint64_t expires;	      /* seconds since 1970 */
	struct claims claims;
};

struct tickets {
	struct ticket places[TICKET_MAX];
};

/* Makes a ticket. NULL when all places are taken, or without random bytes. */
const char *ticket_make(struct tickets *t, const struct claims *claims, uint64_t now);

/* Uses a ticket up: true and its claims once, while it is valid. */
bool ticket_use(struct tickets *t, const char *text, uint64_t now, struct claims *ret);
