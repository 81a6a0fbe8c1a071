// SPDX-License-Identifier: Apache-2.0
/* A snapshot as a table for the terminal. */
#pragma once

#include "base/buf.h"
#include "encode/encode.h"

/* Columns of the terminal on standard output; 0 when it is none, and nothing need be cut. */
unsigned table_width(void);

/* Appends the machine in a line, the processes that the view asks for, and what was lost. */
void table_print(struct buf *out, const struct snapshot *s, const struct encode_view *view,
		 unsigned width);
