// SPDX-License-Identifier: Apache-2.0
/* Clocks. Windows are measured on the boot clock: it goes on in suspend and never jumps. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define NS_PER_SECOND 1000000000ULL
#define NS_PER_MS 1000000ULL

/* Nanoseconds since boot, suspend included (CLOCK_BOOTTIME). */
uint64_t clock_boot_ns(void);

/* Milliseconds since 1970 (CLOCK_REALTIME): for display only, it can jump. */
int64_t clock_wall_ms(void);

/* CPU time of this process in nanoseconds. */
uint64_t clock_cpu_ns(void);

#define CLOCK_TEXT_LENGTH 32

/* Writes wall_ms as RFC 3339 UTC with milliseconds; returns out. */
char *clock_text(int64_t wall_ms, char out[CLOCK_TEXT_LENGTH]);

/*
 * Reads an RFC 3339 time: 2026-01-31T23:59:00Z, with a fraction of a second or
 * an offset such as +01:00 where wanted. False when it is none.
 */
bool clock_parse(const char *text, int64_t *ret_wall_ms);
