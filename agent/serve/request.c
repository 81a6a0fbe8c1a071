// SPDX-License-Identifier: Apache-2.0
#include "serve/request.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
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

bool request_has_only(const struct request *r, const char *const *names)
{
	size_t count = 0, i;
	const char *name, *near;
	char text[256];
	json_t *value;

	while (names[count])
		count++;
	json_object_foreach (r->data, name, value) {
		for (i = 0; i < count && strcmp(names[i], name) != 0; i++)
			continue;
		if (i < count)
			continue;
		near = text_nearest(name, names, count);
		snprintf(text, sizeof(text), "no field \"%.60s\" of this message%s%s%s", name,
			 near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
		request_fail(r, "bad_field", text);
		return false;
	}
	return true;
}
