// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define SECONDS_LENGTH 19 /* of "2026-01-31T23:59:00" */

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

/* "Z" or "+01:00", in minutes east. False for anything else. */
static bool parse_zone(const char *text, int *ret_minutes)
{
	unsigned hours, minutes;

	*ret_minutes = 0;
	if (strcmp(text, "Z") == 0)
		return true;
	if (strlen(text) != 6 || (*text != '+' && *text != '-') || text[3] != ':' ||
	    strspn(text + 1, "0123456789") != 2 || strspn(text + 4, "0123456789") != 2)
		return false;
	if (sscanf(text + 1, "%2u:%2u", &hours, &minutes) != 2 || hours > 23 || minutes > 59)
		return false;
	*ret_minutes = (*text == '-' ? -1 : 1) * (int)(hours * 60 + minutes);
	return true;
}

/* Milliseconds of ".25", what is finer is cut off; 0 where there is none. Steps over it. */
static int parse_fraction(const char **text)
{
	int ms = 0, scale = 100;

	if (**text != '.' || (*text)[1] < '0' || (*text)[1] > '9')
		return 0;
	for ((*text)++; **text >= '0' && **text <= '9'; (*text)++, scale /= 10)
		ms += (**text - '0') * scale;
	return ms;
}

bool clock_parse(const char *text, int64_t *ret_wall_ms)
{
	struct tm tm = {0};
	char again[CLOCK_TEXT_LENGTH];
	int zone;

	if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
		   &tm.tm_hour, &tm.tm_min, &tm.tm_sec) != 6)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon--;

	int64_t wall_ms = timegm(&tm) * 1000LL;

	/* Days that do not exist, and other ways to write a time, come back as something else. */
	if (strncmp(clock_text(wall_ms, again), text, SECONDS_LENGTH) != 0)
		return false;
	text += SECONDS_LENGTH;
	wall_ms += parse_fraction(&text);
	if (!parse_zone(text, &zone))
		return false;
	*ret_wall_ms = wall_ms - zone * 60000LL;
	return true;
}
