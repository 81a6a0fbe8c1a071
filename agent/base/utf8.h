// SPDX-License-Identifier: Apache-2.0
/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * Length of the well-formed sequence of two bytes or more at s, of which left bytes are there; 0
 * when it is none, *bad then says how many bytes one U+FFFD stands for (the maximal subpart,
 * Unicode 3.9).
 */
size_t utf8_sequence(const unsigned char *s, size_t left, size_t *bad);

/* True when all of the text is well-formed. */
bool utf8_valid(const char *text, size_t len);
