// SPDX-License-Identifier: Apache-2.0
/* Strings and numbers: the hot part of the writer. */
#include "encode/writer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "encode/encode.h"

/* Above this a double no longer has six decimals, and the fast way would overflow. */
#define FIXED_LIMIT 1e12
#define DECIMALS 1000000ULL

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

/* The longest escape is six bytes; a replaced byte becomes three. */
#define WORST_GROWTH 6

/* Bytes that are written as they are: printable ASCII less what JSON or a page could mistake. */
static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&';
}

static char *escape(char *to, unsigned code)
{
	static const char hex[] = "0123456789abcdef";

	*to++ = '\\';
	*to++ = 'u';
	for (int shift = 12; shift >= 0; shift -= 4)
		*to++ = hex[code >> shift & 15];
	return to;
}

static char *escape_ascii(char *to, unsigned char c)
{
	if (c == '"' || c == '\\') {
		*to++ = '\\';
		*to++ = (char)c;
		return to;
	}
	return escape(to, c);
}

/*
 * Length of the well-formed sequence at s (RFC 3629: no overlong forms, no
 * surrogates, nothing above U+10FFFF); 0 when it is none, *bad then says how
 * many bytes one U+FFFD stands for (the maximal subpart, Unicode 3.9 D93b).
 */
static size_t sequence(const unsigned char *s, size_t left, size_t *bad)
{
	unsigned char lead = s[0], low = 0x80, high = 0xbf;
	size_t need;

	*bad = 1;
	if (lead >= 0xc2 && lead <= 0xdf)
		need = 2;
	else if (lead >= 0xe0 && lead <= 0xef)
		need = 3;
	else if (lead >= 0xf0 && lead <= 0xf4)
		need = 4;
	else
		return 0;
	if (lead == 0xe0)
		low = 0xa0;
	else if (lead == 0xed)
		high = 0x9f;
	else if (lead == 0xf0)
		low = 0x90;
	else if (lead == 0xf4)
		high = 0x8f;
	for (size_t i = 1; i < need; i++, low = 0x80, high = 0xbf) {
		if (i >= left || s[i] < low || s[i] > high) {
			*bad = i;
			return 0;
		}
	}
	return need;
}

/* U+2028 and U+2029 end a line in JavaScript; U+0080 to U+009F control a terminal. */
static bool is_risky(const unsigned char *s, size_t len)
{
	if (len == 3)
		return s[0] == 0xe2 && s[1] == 0x80 && (s[2] == 0xa8 || s[2] == 0xa9);
	return len == 2 && s[0] == 0xc2 && s[1] < 0xa0;
}

static char *add_sequence(char *to, const unsigned char *s, size_t len)
{
	if (is_risky(s, len))
		return escape(to, len == 2 ? s[1] : 0x2000u | (s[2] & 0x3f));
	memcpy(to, s, len);
	return to + len;
}

void encode_string(struct buf *b, const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text, *end = s + len;
	char *to = buf_reserve(b, len * WORST_GROWTH + 2), *start = to;

	if (!to)
		return;
	*to++ = '"';
	while (s < end) {
		size_t bad, length;

		if (is_plain(*s)) {
			*to++ = (char)*s++;
		} else if (*s < 0x80) {
			to = escape_ascii(to, *s++);
		} else if ((length = sequence(s, (size_t)(end - s), &bad))) {
			to = add_sequence(to, s, length);
			s += length;
		} else {
			memcpy(to, replacement, 3);
			to += 3;
			s += bad;
		}
	}
	*to++ = '"';
	b->len += (size_t)(to - start);
}

/* Two digits at a time, from the end. */
static size_t format_integer(char out[20], uint64_t value)
{
	static const char pairs[] = "00010203040506070809101112131415161718192021222324"
				    "25262728293031323334353637383940414243444546474849"
				    "50515253545556575859606162636465666768697071727374"
				    "75767778798081828384858687888990919293949596979899";
	char digits[20];
	size_t at = sizeof(digits);

	while (value >= 100) {
		at -= 2;
		memcpy(digits + at, pairs + value % 100 * 2, 2);
		value /= 100;
	}
	if (value >= 10) {
		at -= 2;
		memcpy(digits + at, pairs + value * 2, 2);
	} else {
		digits[--at] = (char)('0' + value);
	}
	memcpy(out, digits + at, sizeof(digits) - at);
	return sizeof(digits) - at;
}

void encode_integer(struct buf *b, uint64_t value)
{
	char *to = buf_reserve(b, 20);

	if (to)
		b->len += format_integer(to, value);
}

/* Six digits, without the zeros at their end. */
static size_t format_fraction(char *to, uint64_t fraction)
{
	size_t len = 7;

	if (!fraction)
		return 0;
	*to = '.';
	for (size_t i = 6; i > 0; i--, fraction /= 10)
		to[i] = (char)('0' + fraction % 10);
	while (to[len - 1] == '0')
		len--;
	return len;
}

static void add_large(struct buf *b, double value)
{
	char text[40];
	int len = snprintf(text, sizeof(text), "%.17g", value);

	buf_add(b, text, (size_t)len);
}

void encode_real(struct buf *b, double value)
{
	char *to = buf_reserve(b, 40), *start = to;

	if (!to)
		return;
	if (!isfinite(value)) {
		buf_add(b, "null", 4);
		return;
	}
	if (fabs(value) >= FIXED_LIMIT) {
		add_large(b, value);
		return;
	}

	uint64_t scaled = (uint64_t)llrint(fabs(value) * (double)DECIMALS);

	if (value < 0 && scaled)
		*to++ = '-';
	to += format_integer(to, scaled / DECIMALS);
	to += format_fraction(to, scaled % DECIMALS);
	b->len += (size_t)(to - start);
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
