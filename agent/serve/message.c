// SPDX-License-Identifier: Apache-2.0
#include "serve/message.h"

#include "base/clock.h"
#include "encode/writer.h"

void message_begin(struct buf *b, const struct message *m)
{
	buf_reset(b);
	buf_add_char(b, '{');
	encode_member_string(b, "type", m->type);
	if (m->id) {
		encode_member(b, "id");
		buf_add_string(b, m->id);
	}
	if (m->channel)
		encode_member_string(b, "channel", m->channel);
	if (m->seq)
		encode_member_integer(b, "seq", m->seq);
	encode_member_time(b, "timestamp", clock_wall_ms());
	encode_member(b, "data");
}

void message_end(struct buf *b)
{
	buf_add_char(b, '}');
}
