// SPDX-License-Identifier: Apache-2.0
#include "serve/answer.h"

#include "serve/reply.h"

struct buf answer_out;

void answer_begin(void)
{
	buf_reset(&answer_out);
	buf_add_char(&answer_out, '{');
}

void answer_send(struct answer *a, unsigned status)
{
	struct reply reply = {
		.status = status,
		.type = "application/json",
		.head = a->request->method == METHOD_HEAD,
		.close = a->request->has_body,
		.body = answer_out.data,
		.len = answer_out.len,
	};

	if (buf_failed(&answer_out))
		a->request->result = -1;
	else
		a->request->result = reply_send(a->wsi, &reply);
}

void answer_end(struct answer *a, unsigned status)
{
	buf_add_string(&answer_out, "}\n");
	answer_send(a, status);
}

void answer_error(struct answer *a, unsigned status, const char *code, const char *message)
{
	struct reply reply = {
		.status = status,
		.head = a->request->method == METHOD_HEAD,
		.close = a->request->has_body,
		.retry_after = status == 503 ? "5" : NULL,
	};

	a->request->result = reply_error(a->wsi, &reply, code, message);
}

const struct snapshot *answer_snapshot(struct answer *a)
{
	const struct snapshot *newest = server_snapshot(a->server);

	if (!newest)
		answer_error(a, 503, "starting", "the first window is not over yet");
	return newest;
}

bool answer_query_done(struct answer *a)
{
	char error[QUERY_ERROR];

	if (query_is_done(&a->query, error))
		return true;
	answer_error(a, 400, "bad_field", error);
	return false;
}
