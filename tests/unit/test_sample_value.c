// SPDX-License-Identifier: Apache-2.0
/* Numbers as Prometheus reads them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "encode/sample.h"
#include "harness/harness.h"

static const char *text_of(double value)
{
	static char text[PUT_NUMBER_MAX];

	*sample_put_value(text, value) = '\0';
	return text;
}

TEST(numbers_have_the_digits_they_need)
{
	CHECK_STRING(text_of(0), "0");
	CHECK_STRING(text_of(1), "1");
	CHECK_STRING(text_of(0.1), "0.1");
	CHECK_STRING(text_of(0.000000128), "0.000000128");
	CHECK_STRING(text_of(1.073741824), "1.073741824");
	CHECK_STRING(text_of(999999.999999999), "999999.999999999");
	CHECK_STRING(text_of(1700000000.123), "1700000000.123");
	CHECK_STRING(text_of(9007199254740991), "9007199254740991");
	CHECK_STRING(text_of(1e20), "1e+20");
}

TEST(what_is_less_than_a_billionth_is_rounded)
{
	CHECK_STRING(text_of(1e-12), "0");
	CHECK_STRING(text_of(-1e-12), "0");
	CHECK_STRING(text_of(0.9999999999), "1");
	CHECK_STRING(text_of(999999.9999999999), "1000000");
}

TEST(what_is_no_number_has_its_word)
{
	CHECK_STRING(text_of(NAN), "NaN");
	CHECK_STRING(text_of(INFINITY), "+Inf");
	CHECK_STRING(text_of(-INFINITY), "-Inf");
	CHECK_STRING(text_of(-0.25), "-0.25");
}

TEST(any_number_reads_back_within_a_billionth)
{
	uint64_t state = 88172645463325252ULL;

	for (int i = 0; i < 1000000; i++) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;

		double value = (double)(state >> state % 64) / 1e9;
		double back = strtod(text_of(value), NULL);
		double error = value < 1e6 ? 1e-9 : value < 1e15 ? 1e-6 : 0;

		if (fabs(back - value) > error)
			harness_fail(__FILE__, __LINE__, "%.17g is told as %s", value,
				     text_of(value));
	}
}
