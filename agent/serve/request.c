// SPDX-License-Identifier: Apache-2.0
#include "serve/request.h"

#include "encode/writer.h"
#include "serve/message.h"
#include "serve/server.h"

struct buf request_out;

void request_begin(const struct request *r, const char *type, const char *channel)
{
	struct message m = {.type = type, .id = r->id[0] ? r->id : NULL, .channel = channel};

	message_begin(&request_out, &m);
}

void request_finish(struct session *c)
{
	message_end(&request_out);

	struct frame *f = buf_failed(&request_out) ? NULL
						   : frame_text(request_out.data, request_out.len);

	if (f)
		session_send(c, f);
	else
		session_close(c, CLOSE_TOO_SLOW, "out of memory");
	frame_unref(f);
}

void request_fail(const struct request *r, const char *code, const char *text)
{
	request_begin(r, "error", NULL);
	buf_add_char(&request_out, '{');
	encode_member_string(&request_out, "code", code);
	encode_member_string(&request_out, "message", text);
	buf_add_char(&request_out, '}');
	request_finish(r->session);
}
