// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

/* Bytes of the sequence that begins with lead, and the range of its second byte; 0 when nothing
 * begins so. */
static size_t sequence_length(unsigned char lead, unsigned char *low, unsigned char *high)
{
	*low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
	*high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
	if (lead >= 0xc2 && lead <= 0xdf)
		return 2;
	if (lead >= 0xe0 && lead <= 0xef)
		return 3;
	return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

size_t utf8_sequence(const unsigned char *s, size_t left, size_t *bad)
{
	unsigned char low, high;
	size_t length = sequence_length(s[0], &low, &high);

	*bad = 1;
	for (size_t i = 1; i < length; i++, low = 0x80, high = 0xbf) {
		if (i >= left || s[i] < low || s[i] > high) {
			*bad = i;
			return 0;
		}
	}
	return length;
}

bool utf8_valid(const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text, *end = s + len;
	size_t bad, length;

	while (s < end) {
		length = *s < 0x80 ? 1 : utf8_sequence(s, (size_t)(end - s), &bad);
		if (!length)
			return false;
		s += length;
	}
	return true;
}
