// SPDX-License-Identifier: Apache-2.0
/* Numbers as JSON. printf() takes ten times as long, and a snapshot holds 20,000 of them. */
#include <endian.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "encode/put.h"

/* Beyond this a double has no six decimals: it is written with all its digits. */
#define FIXED_LIMIT 1e15
#define DECIMALS 1000000U

#define EIGHT_DIGITS 100000000U
#define ASCII_ZEROS 0x3030303030303030ULL

/*
 * The eight decimal digits of a number below 10^8, one a byte, the first in the
 * lowest byte: halved to fours, twos and ones, all parts at once. The constants
 * are 1/100 and 1/10, exact in this range. After P. Khuong, How to print integers
 * really fast, 2017.
 */
static uint64_t eight_digits(uint32_t value)
{
	uint64_t fours = value / 10000 | (uint64_t)(value % 10000) << 32;
	uint64_t hundreds = (fours * 10486) >> 20 & 0x7f0000007fULL;
	uint64_t twos = hundreds | (fours - 100 * hundreds) << 16;
	uint64_t tens = (twos * 103) >> 10 & 0x000f000f000f000fULL;

	return tens | (twos - 10 * tens) << 8;
}

/* Stores eight bytes, of which the caller counts as many as it wants. */
static void store(char *to, uint64_t bytes)
{
	bytes = htole64(bytes);
	memcpy(to, &bytes, sizeof(bytes));
}

static char *put_eight(char *to, uint32_t value)
{
	store(to, eight_digits(value) + ASCII_ZEROS);
	return to + 8;
}

/* Without the zeros in front; the last digit always stands. */
static char *put_up_to_eight(char *to, uint32_t value)
{
	uint64_t digits = eight_digits(value);
	unsigned zeros = (unsigned)__builtin_ctzll(digits | 1ULL << 56) / 8;

	store(to, (digits + ASCII_ZEROS) >> zeros * 8);
	return to + 8 - zeros;
}

char *put_integer(char *to, uint64_t value)
{
	if (value < EIGHT_DIGITS)
		return put_up_to_eight(to, (uint32_t)value);
	to = put_integer(to, value / EIGHT_DIGITS);
	return put_eight(to, (uint32_t)(value % EIGHT_DIGITS));
}

/* A point and six digits, without the zeros at their end. */
static char *put_fraction(char *to, unsigned millionths)
{
	uint64_t digits = eight_digits(millionths) >> 16;
	unsigned zeros = (unsigned)__builtin_clzll(digits) / 8;

	*to = '.';
	store(to + 1, digits + ASCII_ZEROS);
	return to + 9 - zeros;
}

/*
 * The nearest number of millionths, as printf() rounds. The product itself is
 * rounded: where it says "half way", what it lost decides, and without a loss
 * the even neighbour is taken.
 */
static unsigned millionths_of(double fraction)
{
	double product = fraction * DECIMALS;
	unsigned below = (unsigned)product;
	double rest = product - below;

	if (rest < 0.5)
		return below;
	if (rest > 0.5)
		return below + 1;

	double lost = fma(fraction, DECIMALS, -product);

	return below + (lost > 0 || (lost == 0 && below % 2));
}

static char *put_large(char *to, double value)
{
	if (!isfinite(value)) {
		memcpy(to, "null", 4);
		return to + 4;
	}
	return to + snprintf(to, PUT_NUMBER_MAX, "%.17g", value);
}

char *put_real(char *to, double value)
{
	double size = fabs(value);

	if (!(size < FIXED_LIMIT))
		return put_large(to, value);

	uint64_t whole = (uint64_t)size;
	unsigned millionths = millionths_of(size - (double)whole);

	if (millionths == DECIMALS) {
		whole++;
		millionths = 0;
	}
	if (value < 0 && (whole || millionths))
		*to++ = '-';
	to = put_integer(to, whole);
	return millionths ? put_fraction(to, millionths) : to;
}
