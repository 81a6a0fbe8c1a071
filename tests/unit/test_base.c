// SPDX-License-Identifier: Apache-2.0
/* Buffer, text, clock and memory. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/memory.h"
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

/* Each length on both sides of a growth, against a plain copy. */
TEST(a_buffer_holds_what_was_added_at_any_length)
{
	static char expected[3000];

	for (size_t i = 0; i < sizeof(expected); i++)
		expected[i] = (char)('a' + i % 26);
	for (size_t step = 1; step < 600; step += 7) {
		AUTO_BUF struct buf b = {0};

		while (b.len + step <= sizeof(expected))
			buf_add(&b, expected + b.len, step);
		buf_add(&b, NULL, 0);
		CHECK(!buf_failed(&b) && b.len <= b.cap);
		CHECK(memcmp(b.data, expected, b.len) == 0);
	}
}

TEST(formatted_text_fits_exactly_or_grows)
{
	for (int len = 0; len < 600; len++) {
		AUTO_BUF struct buf b = {0};

		buf_printf(&b, "%*s", len, "");
		CHECK_UINT(b.len, len);
		buf_printf(&b, "%s%c", "", '\0');
		CHECK_UINT(b.len, len + 1);
		CHECK(b.data[len] == '\0');
	}
}

TEST(a_freed_buffer_is_empty_and_usable)
{
	struct buf b = {0};

	buf_free(&b);
	buf_add_string(&b, "x");
	buf_free(&b);
	CHECK(b.data == NULL && b.len == 0 && b.cap == 0);
	buf_add_char(&b, 'y');
	CHECK(b.len == 1 && b.data[0] == 'y');
	buf_free(&b);
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

TEST(distance_is_the_same_both_ways_and_bounded)
{
	char longest[64], longer[65];

	CHECK_UINT(text_distance("sitting", "kitten"), 3);
	CHECK_UINT(text_distance("ab", "ba"), 2);
	memset(longest, 'a', 63);
	longest[63] = '\0';
	memset(longer, 'a', 64);
	longer[64] = '\0';
	CHECK_UINT(text_distance(longest, ""), 63);
	CHECK_UINT(text_distance("", longest), 63);
	CHECK_UINT(text_distance(longer, longest), SIZE_MAX);
	CHECK_UINT(text_distance("", longer), SIZE_MAX);
}

TEST(the_nearest_name_is_proposed_or_none)
{
	static const char *const names[] = {"listen", "interval_ms", "source", "state_dir"};

	CHECK_STRING(text_nearest("lisen", names, 4), "listen");
	CHECK_STRING(text_nearest("intervall_ms", names, 4), "interval_ms");
	CHECK_STRING(text_nearest("source", names, 4), "source");
	CHECK(text_nearest("nothing_like_it", names, 4) == NULL);
	CHECK(text_nearest("listen", names, 0) == NULL);
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

/* What a glob means, said in the plainest way. */
static bool matches(const char *glob, const char *text)
{
	if (*glob == '*')
		return matches(glob + 1, text) || (*text && matches(glob, text + 1));
	if (!*glob || !*text)
		return *glob == *text;
	return (*glob == '?' || *glob == *text) && matches(glob + 1, text + 1);
}

static void random_word(char *word, const char *letters, size_t max)
{
	size_t len = (size_t)random() % (max + 1);

	for (size_t i = 0; i < len; i++)
		word[i] = letters[(size_t)random() % strlen(letters)];
	word[len] = '\0';
}

TEST(globs_match_what_their_definition_matches)
{
	char glob[8], text[10];
	int matched = 0;

	srandom(1);
	for (int i = 0; i < 200000; i++) {
		random_word(glob, "ab*?", 7);
		random_word(text, "ab", 9);

		bool is = matches(glob, text);

		if (text_glob(glob, text) != is)
			harness_fail(__FILE__, __LINE__, "\"%s\" on \"%s\"", glob, text);
		matched += is;
	}
	CHECK(matched > 10000);
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
	CHECK(!text_copy(to, 1, "a"));
	CHECK_STRING(to, "");
	CHECK(text_copy(to, 1, ""));
}

TEST(clocks_go_forward)
{
	uint64_t boot = clock_boot_ns(), cpu = clock_cpu_ns();

	while (clock_cpu_ns() - cpu < 5 * NS_PER_MS)
		;
	CHECK(clock_boot_ns() - boot >= 5 * NS_PER_MS);
	CHECK(clock_wall_ms() > 1700000000000);
}

TEST(times_are_written_as_rfc_3339)
{
	char text[CLOCK_TEXT_LENGTH];

	CHECK_STRING(clock_text(0, text), "1970-01-01T00:00:00.000Z");
	CHECK_STRING(clock_text(1795240325123, text), "2026-11-21T05:52:05.123Z");
	CHECK_STRING(clock_text(951782399999, text), "2000-02-28T23:59:59.999Z");
	CHECK_STRING(clock_text(951782400001, text), "2000-02-29T00:00:00.001Z");
}

TEST(times_are_read_as_rfc_3339)
{
	static const struct {
		const char *text;
		int64_t wall_ms;
	} right[] = {
		{"1970-01-01T00:00:00Z", 0},
		{"2023-11-14T22:13:20Z", 1700000000000},
		{"2023-11-14T22:13:20.5Z", 1700000000500},
		{"2023-11-14T22:13:20.123456789Z", 1700000000123},
		{"2023-11-15T03:43:20+05:30", 1700000000000},
		{"2023-11-14T14:13:20.001-08:00", 1700000000001},
		{"2024-02-29T00:00:00Z", 1709164800000},
	};
	static const char *const wrong[] = {
		"",
		"now",
		"2023-11-14",
		"2023-11-14T22:13:20",
		"2023-11-14T22:13:20z",
		"2023-11-14 22:13:20Z",
		"2023-11-14T22:13:20.Z",
		"2023-11-14T22:13:20Z ",
		" 2023-11-14T22:13:20Z",
		"2023-11-14T22:13:20+5:30",
		"2023-11-14T22:13:20+0530",
		"2023-11-14T22:13:20+24:00",
		"2023-11-14T22:13:20 05:30",
		"2023-02-29T00:00:00Z",
		"2023-13-01T00:00:00Z",
		"2023-11-14T24:00:00Z",
		"2023-11-14T22:13:60Z",
		"-023-11-14T22:13:20Z",
		"2023-11-14T22:13:+2Z",
	};

	for (size_t i = 0; i < sizeof(right) / sizeof(*right); i++) {
		int64_t wall_ms = -1;

		CHECK(clock_parse(right[i].text, &wall_ms));
		CHECK_INT(wall_ms, right[i].wall_ms);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		int64_t wall_ms = -1;

		if (clock_parse(wrong[i], &wall_ms))
			harness_fail(__FILE__, __LINE__, "taken: %s", wrong[i]);
		CHECK_INT(wall_ms, -1);
	}
}

static const char never_written[3 * 65536] = {[0] = 1, [65536] = 2, [3 * 65536 - 1] = 3};
static const char *const relocated[] = {"a", "b"};
static int written = 1;

/* Those that the dynamic linker wrote to are not given back. */
TEST(what_is_given_back_comes_again)
{
	const volatile char *bytes = never_written;
	const char *const volatile *words = relocated;
	AUTO_FREE char *heap = strdup("heap");

	written++;
	memory_trim();
	CHECK_INT(bytes[0] + bytes[65536] + bytes[3 * 65536 - 1], 6);
	CHECK_STRING(words[0], "a");
	CHECK_STRING(words[1], "b");
	CHECK_INT(written, 2);
	CHECK_STRING(heap, "heap");
}

TEST(a_buffer_that_rests_is_used_again)
{
	AUTO_BUF struct buf b = {0};
	size_t size = 5 * BUF_KEPT_BYTES;

	for (int round = 0; round < 2; round++) {
		char *to = buf_reserve(&b, size);

		CHECK(to != NULL);
		if (!to)
			return;
		memset(to, 'x', size);
		b.len += size;
		buf_add_char(&b, 'y');
		CHECK_UINT(b.len, size + 1);
		CHECK(b.data[0] == 'x' && b.data[size - 1] == 'x' && b.data[size] == 'y');
		buf_rest(&b);
		CHECK_UINT(b.len, 0);
		CHECK(b.cap > size);
	}
}
