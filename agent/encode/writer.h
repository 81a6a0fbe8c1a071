// SPDX-License-Identifier: Apache-2.0
/* What the parts of the JSON writer share. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* Appends "name": with a comma before it unless it is the first member. */
void encode_member(struct buf *b, const char *name);

/* Appends a member whose value is a NUL-terminated string, a number, a flag, a wall clock time. */
void encode_member_string(struct buf *b, const char *name, const char *text);
void encode_member_integer(struct buf *b, const char *name, uint64_t value);
void encode_member_real(struct buf *b, const char *name, double value);
void encode_member_bool(struct buf *b, const char *name, bool value);
void encode_member_time(struct buf *b, const char *name, int64_t wall_ms);

/* Appends a comma unless an object or array was just opened. */
void encode_comma(struct buf *b);
