// SPDX-License-Identifier: Apache-2.0
#include "collect/wish.h"

#include <stdio.h>
#include <string.h>

#include "collect/variant.h"

static int find_provider(const char *name, size_t len)
{
	for (int p = 0; p < PROVIDERS; p++)
		if (strlen(catalogue_providers[p].name) == len &&
		    memcmp(catalogue_providers[p].name, name, len) == 0)
			return p;
	return -1;
}

static bool is_wish(int p, const char *name)
{
	if (p == PROVIDER_SOCKETS && strcmp(name, VARIANT_SAMPLED) == 0)
		return true;
	return variant_is_name(name);
}

static int parse_one(const char *word, size_t len, struct probe_state states[PROVIDERS],
		     char *error, size_t size)
{
	const char *equals = memchr(word, '=', len);
	int p = equals ? find_provider(word, (size_t)(equals - word)) : -1;

	if (p < 0 || p == PROVIDER_WALK || p == PROVIDER_LIFE) {
		snprintf(error, size,
			 "probes: \"%.*s\" is not PROBE=VARIANT with a probe that has "
			 "a choice, as in sockets=kprobe",
			 (int)(len < 80 ? len : 80), word);
		return -1;
	}

	size_t rest = len - (size_t)(equals + 1 - word);
	char wanted[sizeof(states[p].wanted)];

	snprintf(wanted, sizeof(wanted), "%.*s", (int)rest, equals + 1);
	if (rest >= sizeof(wanted) || !is_wish(p, wanted)) {
		snprintf(error, size, "probes: \"%.*s\": a variant is one of off, %s%s",
			 (int)(len < 80 ? len : 80), word, variant_names(),
			 p == PROVIDER_SOCKETS ? ", " VARIANT_SAMPLED : "");
		return -1;
	}
	memcpy(states[p].wanted, wanted, sizeof(wanted));
	return 0;
}

int wish_parse(const char *text, struct probe_state states[PROVIDERS], char *error, size_t size)
{
	size_t len;

	for (;; text += len) {
		text += strspn(text, " ,");
		len = strcspn(text, " ,");
		if (!len)
			return 0;
		if (parse_one(text, len, states, error, size))
			return -1;
	}
}
