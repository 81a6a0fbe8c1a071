// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static uint64_t read_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * NS_PER_SECOND + (uint64_t)t.tv_nsec;
}

uint64_t clock_boot_ns(void)
{
	return read_ns(CLOCK_BOOTTIME);
}

int64_t clock_wall_ms(void)
{
	return (int64_t)(read_ns(CLOCK_REALTIME) / NS_PER_MS);
}

uint64_t clock_cpu_ns(void)
{
	return read_ns(CLOCK_PROCESS_CPUTIME_ID);
}

char *clock_text(int64_t wall_ms, char out[CLOCK_TEXT_LENGTH])
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm tm;

	gmtime_r(&seconds, &tm);

	size_t len = strftime(out, CLOCK_TEXT_LENGTH, "%Y-%m-%dT%H:%M:%S", &tm);

	snprintf(out + len, CLOCK_TEXT_LENGTH - len, ".%03dZ", (int)(wall_ms % 1000));
	return out;
}
