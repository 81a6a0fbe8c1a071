// SPDX-License-Identifier: Apache-2.0
/*
 * A WebSocket message as it goes over the wire, made once and sent to many.
 * Frames of a server are not masked, so all readers can have the same bytes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct frame {
	unsigned refs;
	bool shared;	      /* worth compressing */
	struct frame *packed; /* the same compressed, once somebody wanted it; owned */
	size_t payload;	      /* where it begins in bytes */
	size_t len;
	unsigned char bytes[]; /* header and payload */
};

/* A text message with this payload for one reader; one reference. NULL without memory. */
struct frame *frame_text(const char *payload, size_t len);

/* The same for many readers. */
struct frame *frame_shared(const char *payload, size_t len);

/*
 * The message as those read it who take permessage-deflate: compressed when it is for many, made
 * at the first call; else, and where that saves nothing, the frame itself. It lives as long.
 */
struct frame *frame_packed(struct frame *f);

/* Takes one reference more. */
struct frame *frame_ref(struct frame *f);

/* Gives up a reference; NULL is fine. */
void frame_unref(struct frame *f);
