// SPDX-License-Identifier: Apache-2.0
/* Compressed messages: packed once, unpacked within bounds, refused when they are none. */
#include "serve/deflate.h"

#include <stdlib.h>

#include <zlib.h>

#include "base/utf8.h"
#include "harness/harness.h"
#include "serve/frame.h"

#define MOST 100000

static unsigned char packed[2 * MOST];
static char text[MOST];

static void fill(size_t len, unsigned kinds)
{
	for (size_t i = 0; i < len; i++)
		text[i] = (char)('a' + (unsigned)rand() % kinds);
}

TEST(what_was_packed_is_unpacked_again)
{
	static const size_t lengths[] = {1, 2, 100, 1023, 1024, 1025, 65535, 65536, MOST};

	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		for (unsigned kinds = 1; kinds <= 26; kinds += 5) {
			size_t len, unpacked;

			fill(lengths[i], kinds);
			len = deflate_pack((unsigned char *)text, lengths[i], packed,
					   sizeof(packed));
			CHECK(len > 0);

			const char *back = deflate_unpack((char *)packed, len, MOST, &unpacked);

			CHECK(back != NULL);
			CHECK_UINT(unpacked, lengths[i]);
			CHECK(memcmp(back, text, unpacked) == 0);
		}
	}
}

TEST(each_message_stands_for_itself)
{
	unsigned char again[1000];
	size_t first, second;

	fill(5000, 3);
	first = deflate_pack((unsigned char *)text, 5000, packed, sizeof(packed));
	CHECK(deflate_pack((unsigned char *)text, 100, again, sizeof(again)) > 0);
	second = deflate_pack((unsigned char *)text, 5000, packed + MOST, MOST);
	CHECK_UINT(first, second);
	CHECK(memcmp(packed, packed + MOST, first) == 0);
}

TEST(what_does_not_fit_is_told)
{
	size_t len;

	fill(MOST, 26);
	CHECK_UINT(deflate_pack((unsigned char *)text, MOST, packed, 100), 0);
	len = deflate_pack((unsigned char *)text, MOST, packed, sizeof(packed));
	CHECK(deflate_unpack((char *)packed, len, MOST - 1, &len) != NULL);
	CHECK_UINT(len, MOST);
	memset(text, 'x', MOST);
	len = deflate_pack((unsigned char *)text, MOST, packed, sizeof(packed));
	CHECK(len < 1000);
	CHECK(deflate_unpack((char *)packed, len, 10, &len) != NULL);
	CHECK_UINT(len, 11);
}

TEST(what_is_no_message_is_refused)
{
	size_t len;
	const char *back;

	CHECK(deflate_unpack("\xff\xff\xff\xff", 4, MOST, &len) == NULL);
	back = deflate_unpack("", 0, MOST, &len);
	CHECK(back != NULL && len == 0);
	for (int round = 0; round < 20000; round++) {
		char bytes[40];
		size_t count = (size_t)rand() % sizeof(bytes);

		for (size_t i = 0; i < count; i++)
			bytes[i] = (char)rand();
		back = deflate_unpack(bytes, count, 1000, &len);
		CHECK(!back || len <= 1001);
	}
}

/* RFC 7692 7.2.3.4: a sender may end its stream. */
TEST(a_stream_that_ends_is_a_message_too)
{
	z_stream stream = {0};
	size_t len;

	CHECK_INT(deflateInit2(&stream, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
	fill(500, 4);
	stream.next_in = (unsigned char *)text;
	stream.avail_in = 500;
	stream.next_out = packed;
	stream.avail_out = sizeof(packed);
	CHECK_INT(deflate(&stream, Z_FINISH), Z_STREAM_END);
	len = sizeof(packed) - stream.avail_out;
	deflateEnd(&stream);
	packed[len] = 0;

	const char *back = deflate_unpack((char *)packed, len + 1, MOST, &len);

	CHECK(back != NULL && len == 500 && memcmp(back, text, 500) == 0);
}

TEST(a_frame_is_packed_once_when_that_saves_something)
{
	struct frame *shared, *own, *small;
	uint64_t before = deflate_count();

	memset(text, 'x', MOST);
	shared = frame_shared(text, MOST);
	own = frame_text(text, MOST);
	small = frame_shared(text, 1000);
	CHECK(frame_packed(shared) != shared && frame_packed(shared) == frame_packed(shared));
	CHECK_UINT(deflate_count(), before + 1);
	CHECK(frame_packed(own) == own && frame_packed(small) == small);
	CHECK_INT(frame_packed(shared)->bytes[0], 0xc1);
	CHECK_INT(shared->bytes[0], 0x81);
	CHECK(frame_packed(shared)->len < shared->len / 10);
	frame_unref(shared);
	frame_unref(own);
	for (size_t i = 0; i < 2000; i++)
		text[i] = (char)rand();
	shared = frame_shared(text, 2000);
	CHECK(frame_packed(shared) == shared);
	frame_unref(shared);
	frame_unref(small);
}

TEST(utf8_is_told_from_other_bytes)
{
	static const char *const good[] = {"",
					   "a",
					   "\xc3\xbc",
					   "\xe4\xb8\xad",
					   "\xf0\x9f\x90\x9d",
					   "\xf4\x8f\xbf\xbf",
					   "a\xc2\x80z"};
	static const char *const bad[] = {"\x80",     "\xc3",	      "\xc3(",
					  "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
					  "\xe4\xb8", "ok\xff",	      "\xf8\x88\x80"};

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		CHECK(utf8_valid(good[i], strlen(good[i])));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK(!utf8_valid(bad[i], strlen(bad[i])));
	CHECK(utf8_valid("a\0b", 3));
}
