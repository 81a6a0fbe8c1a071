// SPDX-License-Identifier: Apache-2.0
/* Buffer, text and clock. */
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"
#include "harness/harness.h"

TEST(a_buffer_grows_and_keeps_its_memory)
{
	AUTO_BUF struct buf b = {0};

	for (int i = 0; i < 10000; i++)
		buf_printf(&b, "%d,", i);
	CHECK_UINT(b.len, 48890);
	CHECK(memcmp(b.data, "0,1,2,", 6) == 0);

	char *before = b.data;

	buf_reset(&b);
	buf_add_string(&b, "again");
	CHECK(b.data == before && b.len == 5);
}

TEST(a_buffer_that_has_no_memory_says_so_and_survives)
{
	AUTO_BUF struct buf b = {0};

	buf_add_string(&b, "kept");
	CHECK(buf_reserve(&b, SIZE_MAX / 2) == NULL);
	CHECK(buf_failed(&b));
	buf_add_string(&b, "lost");
	CHECK_UINT(b.len, 4);
	buf_reset(&b);
	buf_add_string(&b, "fine");
	CHECK(!buf_failed(&b));
}

TEST(alignment_pads_with_zeros)
{
	AUTO_BUF struct buf b = {0};

	buf_add(&b, "abc", 3);
	buf_align(&b, 8);
	CHECK_UINT(b.len, 8);
	CHECK(memcmp(b.data, "abc\0\0\0\0\0", 8) == 0);
	buf_align(&b, 8);
	CHECK_UINT(b.len, 8);
}

TEST(distance_counts_edits)
{
	CHECK_UINT(text_distance("kitten", "sitting"), 3);
	CHECK_UINT(text_distance("", "abc"), 3);
	CHECK_UINT(text_distance("same", "same"), 0);
}

TEST(globs_match_whole_texts)
{
	CHECK(text_glob("*", ""));
	CHECK(text_glob("nginx*", "nginx: worker"));
	CHECK(text_glob("*worker", "nginx: worker"));
	CHECK(text_glob("n?inx*r", "nginx: worker"));
	CHECK(!text_glob("nginx", "nginx: worker"));
	CHECK(!text_glob("", "x"));
	CHECK(text_glob("a*b*c", "aXbXbXc"));
	CHECK(!text_glob("a*b*c", "aXbXbX"));
}

/* Backtracking globs take for ever here. */
TEST(a_hostile_glob_ends_soon)
{
	char text[4096];

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	CHECK(!text_glob("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", text));
}

TEST(numbers_are_read_whole_or_not_at_all)
{
	uint64_t value = 7;

	CHECK(text_u64("18446744073709551615", &value) && value == UINT64_MAX);
	CHECK(text_u64("0", &value) && value == 0);
	CHECK(!text_u64("18446744073709551616", &value));
	CHECK(!text_u64("", &value) && !text_u64("-1", &value) && !text_u64("1x", &value) &&
	      !text_u64(" 1", &value) && !text_u64("+1", &value));
	CHECK_UINT(value, 0);
}

TEST(a_copy_that_does_not_fit_is_cut_and_says_so)
{
	char to[4];

	CHECK(text_copy(to, sizeof(to), "abc"));
	CHECK(!text_copy(to, sizeof(to), "abcd"));
	CHECK_STRING(to, "abc");
}

TEST(times_are_written_as_rfc_3339)
{
	char text[CLOCK_TEXT_LENGTH];

	CHECK_STRING(clock_text(0, text), "1970-01-01T00:00:00.000Z");
	CHECK_STRING(clock_text(1795240325123, text), "2026-11-21T05:52:05.123Z");
}
