// SPDX-License-Identifier: Apache-2.0
/* Strings as JSON: any bytes in, valid UTF-8 out. */
#include <stdbool.h>
#include <string.h>

#include "base/utf8.h"
#include "encode/put.h"

/* Bytes looked at together; the compiler makes vector instructions of it. */
#define BLOCK 16

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

/* Written as they are: printable ASCII less what JSON or a page could mistake (" & < > \). */
static const bool plain[256] = {
	[0x20 ... 0x21] = true, [0x23 ... 0x25] = true, [0x27 ... 0x3b] = true,
	[0x3d] = true,		[0x3f ... 0x5b] = true, [0x5d ... 0x7e] = true,
};

static bool is_plain_block(const unsigned char *s)
{
	unsigned char odd = 0;

	for (int i = 0; i < BLOCK; i++)
		odd |= (unsigned char)((s[i] < 0x20) | (s[i] >= 0x7f) | (s[i] == '"') |
				       (s[i] == '\\') | (s[i] == '<') | (s[i] == '>') |
				       (s[i] == '&'));
	return !odd;
}

static char *put_escape(char *to, unsigned code)
{
	static const char hex[] = "0123456789abcdef";

	*to++ = '\\';
	*to++ = 'u';
	for (int shift = 12; shift >= 0; shift -= 4)
		*to++ = hex[code >> shift & 15];
	return to;
}

static char *put_ascii(char *to, unsigned char c)
{
	if (c != '"' && c != '\\')
		return put_escape(to, c);
	*to++ = '\\';
	*to++ = (char)c;
	return to;
}

/* U+2028 and U+2029 end a line in JavaScript; U+0080 to U+009F control a terminal. */
static bool is_risky(const unsigned char *s, size_t len)
{
	if (len == 3)
		return s[0] == 0xe2 && s[1] == 0x80 && (s[2] == 0xa8 || s[2] == 0xa9);
	return len == 2 && s[0] == 0xc2 && s[1] < 0xa0;
}

/* The character at *s, which is not plain; *s moves behind it. */
static char *put_other(char *to, const unsigned char **s, const unsigned char *end)
{
	const unsigned char *at = *s;
	size_t bad, length;

	if (*at < 0x80) {
		*s += 1;
		return put_ascii(to, *at);
	}
	length = utf8_sequence(at, (size_t)(end - at), &bad);
	if (!length) {
		*s += bad;
		memcpy(to, replacement, 3);
		return to + 3;
	}
	*s += length;
	if (is_risky(at, length))
		return put_escape(to, length == 2 ? at[1] : 0x2000u | (at[2] & 0x3f));
	memcpy(to, at, length);
	return to + length;
}

char *put_string(char *to, const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text, *end = s + len;

	*to++ = '"';
	while (s < end) {
		if (end - s >= BLOCK && is_plain_block(s)) {
			memcpy(to, s, BLOCK);
			to += BLOCK;
			s += BLOCK;
		} else if (plain[*s]) {
			*to++ = (char)*s++;
		} else {
			to = put_other(to, &s, end);
		}
	}
	*to++ = '"';
	return to;
}
