// SPDX-License-Identifier: Apache-2.0
/* The feed of a recording: its windows at the pace they had, faster, or as fast as they are taken.
 */
#pragma once

#include "collect/feed.h"

/*
 * Opens the file and reads its first window, which is due at once. Speed 1 is
 * that of the recording, 0 does not wait. At the end the last window stays, or
 * with loop the first comes again. Returns 0, or a negative errno with one line
 * in error (size bytes).
 */
int replay_open(struct feed *f, const char *path, uint32_t speed, bool loop, char *error,
		size_t size);
