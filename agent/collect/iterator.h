// SPDX-License-Identifier: Apache-2.0
/* Reads what a BPF iterator writes: records one after the other, through one buffer. */
#pragma once

#include <stddef.h>

#include <linux/types.h>

#include "records.h"

/* The kernel fills at most 32 KiB a read of an iterator. */
#define ITERATOR_BUFFER_BYTES (64 * 1024)

/*
 * Runs the iterator of this link once and calls take() for each record. buffer
 * has ITERATOR_BUFFER_BYTES. Returns 0, or a negative errno: -EPROTO for a record
 * of a kind that iterators do not write.
 */
int iterator_read(int link_fd, char *buffer,
		  void (*take)(void *context, const struct record_header *head), void *context);
