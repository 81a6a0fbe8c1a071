// SPDX-License-Identifier: Apache-2.0
/* Strings and numbers as JSON, held against jansson, printf() and the Unicode standard. */
#include <float.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "encode/encode.h"
#include "encode/writer.h"
#include "harness/harness.h"

#define BAD "\xef\xbf\xbd"

static struct buf out;

/* The text that was written since the last call. */
static const char *written(void)
{
	static char text[65536];

	CHECK(!buf_failed(&out) && out.len < sizeof(text));
	memcpy(text, out.data, out.len);
	text[out.len] = '\0';
	buf_reset(&out);
	return text;
}

static uint64_t next_random(void)
{
	static uint64_t state = 88172645463325252ULL;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static const char *string_of(const char *bytes, size_t len)
{
	encode_string(&out, bytes, len);
	return written();
}

#define STRING_OF(literal) string_of(literal, sizeof(literal) - 1)

TEST(plain_text_stands_as_it_is)
{
	CHECK_STRING(STRING_OF(""), "\"\"");
	CHECK_STRING(STRING_OF("bash"), "\"bash\"");
	CHECK_STRING(STRING_OF("/usr/lib/x-1.2/bin/some program's name, long enough"),
		     "\"/usr/lib/x-1.2/bin/some program's name, long enough\"");
	CHECK_STRING(STRING_OF("gr\xc3\xbc\xc3\x9f \xe4\xb8\xad\xe6\x96\x87 \xf0\x9f\x90\x9d"),
		     "\"gr\xc3\xbc\xc3\x9f \xe4\xb8\xad\xe6\x96\x87 \xf0\x9f\x90\x9d\"");
}

TEST(what_json_or_a_page_could_mistake_is_escaped)
{
	CHECK_STRING(STRING_OF("a\"b\\c"), "\"a\\\"b\\\\c\"");
	CHECK_STRING(STRING_OF("\n\t\r\x1b[2J"), "\"\\u000a\\u0009\\u000d\\u001b[2J\"");
	CHECK_STRING(STRING_OF("\0\x01\x1f\x7f"), "\"\\u0000\\u0001\\u001f\\u007f\"");
	CHECK_STRING(STRING_OF("</script>&amp;"), "\"\\u003c/script\\u003e\\u0026amp;\"");
	CHECK_STRING(STRING_OF("\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xa7"),
		     "\"\\u2028\\u2029\xe2\x80\xa7\"");
	CHECK_STRING(STRING_OF("\xc2\x80\xc2\x9b\xc2\xa0"), "\"\\u0080\\u009b\xc2\xa0\"");
	CHECK_STRING(STRING_OF("sixteen bytes: <and sixteen more"),
		     "\"sixteen bytes: \\u003cand sixteen more\"");
}

/* Unicode 15, tables 3-8 to 3-11. */
TEST(each_maximal_subpart_becomes_one_replacement)
{
	CHECK_STRING(STRING_OF("\xc0\xaf\xe0\x80\xbf\xf0\x81\x82\x41"),
		     "\"" BAD BAD BAD BAD BAD BAD BAD BAD "A\"");
	CHECK_STRING(STRING_OF("\xed\xa0\x80\xed\xbf\xbf\xed\xaf\x41"),
		     "\"" BAD BAD BAD BAD BAD BAD BAD BAD "A\"");
	CHECK_STRING(STRING_OF("\xf4\x91\x92\x93\xff\x41\x80\xbf\x42"),
		     "\"" BAD BAD BAD BAD BAD "A" BAD BAD "B\"");
	CHECK_STRING(STRING_OF("\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41"), "\"" BAD BAD BAD BAD "A\"");
}

TEST(a_cut_sequence_becomes_one_replacement)
{
	CHECK_STRING(STRING_OF("a\xc3"), "\"a" BAD "\"");
	CHECK_STRING(STRING_OF("a\xe4\xb8"), "\"a" BAD "\"");
	CHECK_STRING(STRING_OF("a\xf0\x9f\x90"), "\"a" BAD "\"");
	CHECK_STRING(STRING_OF("fifteen bytes..\xf0\x9f"), "\"fifteen bytes.." BAD "\"");
	CHECK_STRING(STRING_OF("\xf8\x88\x80\x80\x80"), "\"" BAD BAD BAD BAD BAD "\"");
}

TEST(the_ends_of_the_ranges_are_right)
{
	CHECK_STRING(STRING_OF("\xc2\xa1\xdf\xbf"), "\"\xc2\xa1\xdf\xbf\"");
	CHECK_STRING(STRING_OF("\xe0\xa0\x80\xef\xbf\xbf"), "\"\xe0\xa0\x80\xef\xbf\xbf\"");
	CHECK_STRING(STRING_OF("\xed\x9f\xbf\xee\x80\x80"), "\"\xed\x9f\xbf\xee\x80\x80\"");
	CHECK_STRING(STRING_OF("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"),
		     "\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"");
	CHECK_STRING(STRING_OF("\xc1\xbf"), "\"" BAD BAD "\"");
	CHECK_STRING(STRING_OF("\xf4\x90\x80\x80"), "\"" BAD BAD BAD BAD "\"");
}

/* Bytes that begin and continue sequences come up more often than by chance. */
static void fill_hostile(unsigned char *bytes, size_t len)
{
	static const unsigned char likely[] = {0x80, 0xbf, 0xc2, 0xe0, 0xed, 0xef, 0xf0,
					       0xf4, 0x9f, 0xa0, '"',  '\\', '<',  '\n'};

	for (size_t i = 0; i < len; i++) {
		uint64_t r = next_random();

		bytes[i] = r % 2 ? likely[r / 2 % sizeof(likely)] : (unsigned char)(r >> 8);
	}
}

TEST(any_bytes_give_json_that_a_strict_reader_takes)
{
	for (int i = 0; i < 200000; i++) {
		unsigned char bytes[40];
		size_t len = next_random() % sizeof(bytes);

		fill_hostile(bytes, len);

		const char *text = string_of((const char *)bytes, len);
		json_t *parsed = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

		CHECK(json_is_string(parsed));
		CHECK(strpbrk(text, "<>&\n\x7f") == NULL);
		json_decref(parsed);
	}
}

/* Text that was good before comes back as the same text. */
TEST(well_formed_text_comes_back)
{
	for (int i = 0; i < 50000; i++) {
		unsigned char bytes[40];
		size_t len = next_random() % sizeof(bytes);

		fill_hostile(bytes, len);

		json_t *given = json_stringn((const char *)bytes, len);

		if (!given)
			continue;

		json_t *parsed = json_loads(string_of((const char *)bytes, len),
					    JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

		CHECK(json_equal(given, parsed));
		json_decref(given);
		json_decref(parsed);
	}
}

static void check_integer(uint64_t value)
{
	char expected[32];

	snprintf(expected, sizeof(expected), "%llu", (unsigned long long)value);
	encode_integer(&out, value);
	CHECK_STRING(written(), expected);
}

TEST(integers_are_written_exactly)
{
	uint64_t power = 1;

	for (int i = 0; i < 20; i++, power *= 10) {
		check_integer(power - 1);
		check_integer(power);
		check_integer(power + 1);
	}
	for (int shift = 0; shift < 64; shift++) {
		check_integer((1ULL << shift) - 1);
		check_integer(1ULL << shift);
	}
	check_integer(UINT64_MAX);
	for (int i = 0; i < 100000; i++)
		check_integer(next_random() >> (next_random() % 64));
}

/* What printf() rounds to six decimals, without the zeros at its end. */
static void check_real(double value)
{
	char expected[64];

	snprintf(expected, sizeof(expected), "%.6f", value);
	for (size_t len = strlen(expected); expected[len - 1] == '0'; len--)
		expected[len - 1] = '\0';
	if (expected[strlen(expected) - 1] == '.')
		expected[strlen(expected) - 1] = '\0';
	encode_real(&out, value);
	CHECK_STRING(written(), strcmp(expected, "-0") ? expected : "0");
}

TEST(reals_are_rounded_as_printf_rounds_them)
{
	static const double values[] = {
		0,
		-0.0,
		0.5,
		1.0 / 3,
		2.0 / 3,
		0.1,
		0.000001,
		0.0000005,
		4e-7,
		6e-7,
		0.9999995,
		0.9999994,
		1.9999999,
		99.9999999,
		12.345678,
		-1.5,
		-0.25e-7,
		-123.456,
		1e6,
		999999.9999995,
		4294967296.75,
		9007199254740.993,
		DBL_MIN,
		DBL_EPSILON,
		5e-324,
		999999999999999.9,
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++)
		check_real(values[i]);
	for (int i = 0; i < 300000; i++) {
		double value = (double)next_random() / (double)(1ULL << (next_random() % 64));

		if (value < 1e15)
			check_real(i % 2 ? value : -value);
	}
}

/* Multiples of 2^-7 have seven decimals, and the last is a 5: exactly half way. */
TEST(halves_go_to_the_even_neighbour)
{
	for (int i = 0; i < 100000; i++)
		check_real((double)(next_random() >> 30) / 128);
}

TEST(reals_near_a_half_are_rounded_the_right_way)
{
	for (int i = 0; i < 100000; i++) {
		double half = ((double)(next_random() % 10000000000ULL) + 0.5) / 1e6;

		check_real(half);
		check_real(nextafter(half, 0));
		check_real(nextafter(half, INFINITY));
	}
}

TEST(large_reals_come_back_exactly)
{
	static const double values[] = {1e15, 1e15 + 1, 1.7976931348623157e308, -1e15, -2.5e20,
					1e22, 1e100};

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		encode_real(&out, values[i]);
		CHECK(strtod(written(), NULL) == values[i]);
	}
	for (int i = 0; i < 20000; i++) {
		double value = ldexp((double)(next_random() >> 11), (int)(next_random() % 900));
		json_t *parsed;

		encode_real(&out, value);
		parsed = json_loads(written(), JSON_DECODE_ANY, NULL);
		CHECK(value < 1e15 || json_number_value(parsed) == value);
		json_decref(parsed);
	}
}

TEST(what_is_no_number_is_null)
{
	encode_real(&out, NAN);
	CHECK_STRING(written(), "null");
	encode_real(&out, INFINITY);
	CHECK_STRING(written(), "null");
	encode_real(&out, -INFINITY);
	CHECK_STRING(written(), "null");
}

TEST(members_are_joined_by_commas)
{
	buf_add_char(&out, '{');
	encode_member_string(&out, "text", "a\xff");
	encode_member_integer(&out, "integer", 7);
	encode_member_real(&out, "real", 0.25);
	encode_member_bool(&out, "flag", true);
	encode_member_time(&out, "time", 1700000000123);
	encode_member(&out, "list");
	buf_add_char(&out, '[');
	encode_comma(&out);
	encode_integer(&out, 1);
	encode_comma(&out);
	encode_integer(&out, 2);
	buf_add_string(&out, "]}");
	CHECK_STRING(written(), "{\"text\":\"a" BAD "\",\"integer\":7,\"real\":0.25,\"flag\":true,"
				"\"time\":\"2023-11-14T22:13:20.123Z\",\"list\":[1,2]}");
}
