// SPDX-License-Identifier: Apache-2.0
#include "encode/writer.h"

#include <string.h>

#include "base/clock.h"
#include "encode/encode.h"
#include "encode/put.h"

void encode_string(struct buf *b, const char *text, size_t len)
{
	char *to = buf_reserve(b, PUT_STRING_MAX(len));

	if (to)
		b->len += (size_t)(put_string(to, text, len) - to);
}

void encode_integer(struct buf *b, uint64_t value)
{
	char *to = buf_reserve(b, PUT_NUMBER_MAX);

	if (to)
		b->len += (size_t)(put_integer(to, value) - to);
}

void encode_real(struct buf *b, double value)
{
	char *to = buf_reserve(b, PUT_NUMBER_MAX);

	if (to)
		b->len += (size_t)(put_real(to, value) - to);
}

void encode_comma(struct buf *b)
{
	char before = b->len ? b->data[b->len - 1] : '{';

	if (before != '{' && before != '[' && before != ':')
		buf_add_char(b, ',');
}

void encode_member(struct buf *b, const char *name)
{
	encode_comma(b);
	buf_add_char(b, '"');
	buf_add_string(b, name);
	buf_add(b, "\":", 2);
}

void encode_member_string(struct buf *b, const char *name, const char *text)
{
	encode_member(b, name);
	encode_string(b, text, strlen(text));
}

void encode_member_integer(struct buf *b, const char *name, uint64_t value)
{
	encode_member(b, name);
	encode_integer(b, value);
}

void encode_member_real(struct buf *b, const char *name, double value)
{
	encode_member(b, name);
	encode_real(b, value);
}

void encode_member_bool(struct buf *b, const char *name, bool value)
{
	encode_member(b, name);
	buf_add_string(b, value ? "true" : "false");
}

void encode_member_time(struct buf *b, const char *name, int64_t wall_ms)
{
	char text[CLOCK_TEXT_LENGTH];

	encode_member_string(b, name, clock_text(wall_ms, text));
}
