// SPDX-License-Identifier: Apache-2.0
/*
 * JSON values into memory that is known to be large enough: the hot part of the
 * writer, which asks for room once a row and not once a value. Each returns
 * where the next byte goes.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Room for any number (more than its digits is written), and for any string of len bytes. */
#define PUT_NUMBER_MAX 32
#define PUT_STRING_MAX(len) ((len)*6 + 2)

/* See encode_integer() and encode_real(). */
char *put_integer(char *to, uint64_t value);
char *put_real(char *to, double value);

/* See encode_string(). */
char *put_string(char *to, const char *text, size_t len);
