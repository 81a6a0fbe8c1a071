// SPDX-License-Identifier: Apache-2.0
/* Numbers as JSON. printf() takes ten times as long, and a snapshot holds 20,000 of them. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "encode/put.h"

/* Beyond this a double has no six decimals: it is written with all its digits. */
#define FIXED_LIMIT 1e15
#define DECIMALS 1000000U

static const char pairs[] = "00010203040506070809101112131415161718192021222324"
			    "25262728293031323334353637383940414243444546474849"
			    "50515253545556575859606162636465666768697071727374"
			    "75767778798081828384858687888990919293949596979899";

/* Digits of a number: its bits times log10(2), corrected by one look. */
static unsigned digits_of(uint64_t value)
{
	static const uint64_t powers[] = {
		0ULL,
		10ULL,
		100ULL,
		1000ULL,
		10000ULL,
		100000ULL,
		1000000ULL,
		10000000ULL,
		100000000ULL,
		1000000000ULL,
		10000000000ULL,
		100000000000ULL,
		1000000000000ULL,
		10000000000000ULL,
		100000000000000ULL,
		1000000000000000ULL,
		10000000000000000ULL,
		100000000000000000ULL,
		1000000000000000000ULL,
		10000000000000000000ULL,
	};
	unsigned guess = (64u - (unsigned)__builtin_clzll(value | 1)) * 1233 >> 12;

	return guess + (value >= powers[guess]);
}

char *put_integer(char *to, uint64_t value)
{
	char *end = to + digits_of(value), *at = end;

	while (value >= 100) {
		at -= 2;
		memcpy(at, pairs + value % 100 * 2, 2);
		value /= 100;
	}
	if (value >= 10)
		memcpy(to, pairs + value * 2, 2);
	else
		*to = (char)('0' + value);
	return end;
}

/* A point and six digits, without the zeros at their end. */
static char *put_fraction(char *to, unsigned millionths)
{
	size_t len = 7;

	to[0] = '.';
	memcpy(to + 1, pairs + millionths / 10000 * 2, 2);
	memcpy(to + 3, pairs + millionths / 100 % 100 * 2, 2);
	memcpy(to + 5, pairs + millionths % 100 * 2, 2);
	while (to[len - 1] == '0')
		len--;
	return to + len;
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
