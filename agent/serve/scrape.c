// SPDX-License-Identifier: Apache-2.0
#include "serve/scrape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "encode/prometheus.h"
#include "serve/reply.h"

#define ACCEPT_MAX 1024

/* True when the element of an Accept header (len bytes) is of that type, whatever its parameters.
 */
static bool is_type(const char *element, size_t len, const char *type)
{
	size_t length = strlen(type);

	return len >= length && strncasecmp(element, type, length) == 0 &&
	       (len == length || strchr("; \t", element[length]));
}

/* The weight of an element, 1 when it has none (RFC 9110, 12.4.2). */
static double weight_of(const char *element, size_t len)
{
	char text[ACCEPT_MAX];

	snprintf(text, sizeof(text), "%.*s", (int)len, element);
	for (char *at = strchr(text, ';'); at; at = strchr(at, ';')) {
		at += 1 + strspn(at + 1, " \t");
		if (strncasecmp(at, "q=", 2) == 0)
			return strtod(at + 2, NULL);
	}
	return 1;
}

bool scrape_wants_openmetrics(const char *accept)
{
	static const char *const texts[] = {"text/plain", "text/*", "*/*"};
	double openmetrics = 0, text = 0;

	for (const char *at = accept ? accept : ""; *at;) {
		size_t blanks = strspn(at, ", \t"), len = strcspn(at + blanks, ",");
		double weight = weight_of(at + blanks, len);

		at += blanks;
		if (is_type(at, len, "application/openmetrics-text") && weight > openmetrics)
			openmetrics = weight;
		for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
			if (is_type(at, len, texts[i]) && weight > text)
				text = weight;
		at += len;
	}
	return openmetrics > 0 && openmetrics >= text;
}

static void send_metrics(struct answer *a, bool openmetrics)
{
	static struct buf out;
	struct server *s = a->server;
	struct encode_server numbers = server_numbers(s);
	struct prometheus_wish wish = {
		.openmetrics = openmetrics,
		.processes = s->config.metrics.processes,
		.groups = s->config.metrics.groups,
	};
	struct reply reply = {
		.status = 200,
		.type = openmetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
				    : "text/plain; version=0.0.4; charset=utf-8",
		.head = a->request->method == METHOD_HEAD,
	};

	buf_reset(&out);
	encode_prometheus(&out, server_snapshot(s), &s->tally, &wish, &numbers);
	if (buf_failed(&out)) {
		answer_error(a, 503, "unavailable", "out of memory");
		return;
	}
	reply.body = out.data;
	reply.len = out.len;
	a->request->result = reply_send(a->wsi, &reply);
}

/* The status that this peer gets, 200 for the metrics: they are of the machine as a whole. */
static unsigned admit(struct server *s, struct lws *wsi, struct peer *peer)
{
	unsigned status;

	if (config_is_loopback(&s->config) || config_allows_scrape(&s->config, peer->address))
		return 200;
	if (!s->config.metrics.token) {
		server_log_refusal(s, peer, "an address that may not read /metrics");
		return 403;
	}
	status = http_authenticate(s, wsi, peer);
	if (status != 200 || !peer->claims.tenants.limited)
		return status;
	server_log_refusal(s, peer, "a token that is limited to tenants");
	return 403;
}

void scrape_serve(struct answer *a)
{
	char accept[ACCEPT_MAX];
	bool has_accept = lws_hdr_copy(a->wsi, accept, sizeof(accept), WSI_TOKEN_HTTP_ACCEPT) > 0;
	unsigned admitted = admit(a->server, a->wsi, a->peer);
	const char *status = server_status(a->server);

	if (admitted == 401)
		answer_error(a, 401, "unauthorized", "a valid bearer token is needed");
	else if (admitted != 200)
		answer_error(a, 403, "forbidden", "neither this token nor this address allows it");
	else if (strcmp(status, "ok") != 0)
		answer_error(a, 503, status, "no window came, or none for some time");
	else
		send_metrics(a, scrape_wants_openmetrics(has_accept ? accept : NULL));
}
