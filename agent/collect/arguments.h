// SPDX-License-Identifier: Apache-2.0
/* What a program was started with, as one line of text. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * Joins the arguments, each with its NUL, by blanks. Where they fill all of room
 * they may have been longer: the text then ends in "...". NULL when there are none, or
 * no memory; the caller frees.
 */
char *arguments_text(const char *bytes, size_t length, size_t room);

/* Reads them from /proc, which anybody may. NULL when there are none; the caller frees. */
char *arguments_read(uint32_t pid);
