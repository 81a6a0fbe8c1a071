// SPDX-License-Identifier: Apache-2.0
#include "serve/query.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

static bool fail(char *error, const char *text)
{
	text_copy(error, QUERY_ERROR, text);
	return false;
}

static struct query_parameter *find(struct query *q, const char *name)
{
	for (size_t i = 0; i < q->count; i++)
		if (strcmp(q->list[i].name, name) == 0)
			return &q->list[i];
	return NULL;
}

bool query_add(struct query *q, const char *text, char *error)
{
	struct query_parameter *p = &q->list[q->count];
	size_t len = strcspn(text, "=");

	if (q->count == QUERY_MAX)
		return fail(error, "the query has more than 32 parameters");
	if (len == 0 || len >= sizeof(p->name))
		return fail(error, "a parameter of the query has no name, or one that is too long");
	memcpy(p->name, text, len);
	p->name[len] = '\0';
	if (!text_copy(p->value, sizeof(p->value), text[len] ? text + len + 1 : "")) {
		snprintf(error, QUERY_ERROR, "%s: at most %d bytes", p->name, QUERY_MAX_VALUE - 1);
		return false;
	}
	if (find(q, p->name)) {
		snprintf(error, QUERY_ERROR, "%s is given twice", p->name);
		return false;
	}
	p->taken = false;
	q->count++;
	return true;
}

/* libwebsockets keeps each parameter, decoded, as a fragment of its own. */
bool query_read(struct lws *wsi, struct query *q, char *error)
{
	char text[QUERY_MAX_NAME + QUERY_MAX_VALUE];

	q->count = q->asked_count = 0;
	if (!lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_URI_ARGS))
		return true;
	for (int i = 0;; i++) {
		int length = lws_hdr_fragment_length(wsi, WSI_TOKEN_HTTP_URI_ARGS, i);

		if (length <= 0)
			return true;
		if (lws_hdr_copy_fragment(wsi, text, sizeof(text), WSI_TOKEN_HTTP_URI_ARGS, i) < 0)
			return fail(error, "a parameter of the query is too long");
		if (strlen(text) != (size_t)length)
			return fail(error, "a parameter of the query has a NUL");
		if (!query_add(q, text, error))
			return false;
	}
}

const char *query_get(struct query *q, const char *name)
{
	struct query_parameter *p = find(q, name);

	if (q->asked_count < QUERY_MAX)
		q->asked[q->asked_count++] = name;
	if (!p)
		return NULL;
	p->taken = true;
	return p->value;
}

bool query_number(struct query *q, const char *name, uint64_t most, uint64_t fallback,
		  uint64_t *ret, char *error)
{
	const char *value = query_get(q, name);

	*ret = fallback;
	if (!value || (text_u64(value, ret) && *ret <= most))
		return true;
	snprintf(error, QUERY_ERROR, "%s must be a whole number from 0 to %" PRIu64, name, most);
	return false;
}

const struct query_parameter *query_rest(struct query *q)
{
	for (size_t i = 0; i < q->count; i++) {
		if (q->list[i].taken)
			continue;
		q->list[i].taken = true;
		return &q->list[i];
	}
	return NULL;
}

bool query_is_done(struct query *q, char *error)
{
	const struct query_parameter *p = query_rest(q);

	if (!p)
		return true;

	const char *near = text_nearest(p->name, q->asked, q->asked_count);

	snprintf(error, QUERY_ERROR, "no parameter \"%s\"%s%s%s", p->name,
		 near ? "; did you mean \"" : " here", near ? near : "", near ? "\"?" : "");
	return false;
}
