// SPDX-License-Identifier: Apache-2.0
/*
 * A WebSocket message as it goes over the wire, made once and sent to many.
 * Frames of a server are not masked, so all readers can have the same bytes.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct frame {
	unsigned refs;
	size_t len;
	unsigned char bytes[]; /* header and payload */
};

/* A text message with this payload; one reference. NULL without memory. */
struct frame *frame_text(const char *payload, size_t len);

/* Takes one reference more. */
struct frame *frame_ref(struct frame *f);

/* Gives up a reference; NULL is fine. */
void frame_unref(struct frame *f);
