// SPDX-License-Identifier: Apache-2.0
/* What the process holds in memory. */
#pragma once

#include <stddef.h>

/*
 * Gives back what only the start has touched: pages of the program and its libraries that are
 * never written, and free memory. What is used again comes back from the page cache.
 */
void memory_trim(void);

/* Gives back free memory that lies between what is used. */
void memory_trim_heap(void);

/* Gives back the memory that lies here: what was in it is lost, and 0 where it is used again. */
void memory_give_back(void *start, size_t len);
