// SPDX-License-Identifier: Apache-2.0
#include "serve/ticket.h"

#include <string.h>

#include <openssl/crypto.h>

#include "serve/token.h"

const char *ticket_make(struct tickets *t, const struct claims *claims, uint64_t now)
{
	for (size_t i = 0; i < TICKET_MAX; i++) {
		struct ticket *ticket = &t->places[i];

		if (ticket->text[0] && ticket->expires > now)
			continue;
		if (token_random_secret(ticket->text)) {
			ticket->text[0] = '\0';
			return NULL;
		}
		ticket->expires = now + TICKET_SECONDS;
		ticket->claims = *claims;
		return ticket->text;
	}
	return NULL;
}

bool ticket_use(struct tickets *t, const char *text, uint64_t now, struct claims *ret)
{
	if (strlen(text) != TICKET_LENGTH)
		return false;
	for (size_t i = 0; i < TICKET_MAX; i++) {
		struct ticket *ticket = &t->places[i];

		if (!ticket->text[0] || CRYPTO_memcmp(ticket->text, text, TICKET_LENGTH) != 0)
			continue;
		ticket->text[0] = '\0';
		if (ticket->expires <= now)
			return false;
		*ret = ticket->claims;
		return true;
	}
	return false;
}
