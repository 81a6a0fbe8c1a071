// SPDX-License-Identifier: Apache-2.0
/* The parts of the document that depend on the view. */
#pragma once

#include "encode/encode.h"

/* Appends the member "totals" of the view's tenants, added up over their processes. */
void encode_view_totals(struct buf *b, const struct snapshot *s, const struct encode_view *view);
