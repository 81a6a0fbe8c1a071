// SPDX-License-Identifier: Apache-2.0
#include "collect/system_memory.h"

#include <stdlib.h>
#include <string.h>

#include "collect/system.h"

void system_memory_open(struct system_memory *m, struct probe_state states[PROVIDERS])
{
	m->meminfo_fd = proc_file_open("/proc/meminfo", &states[PROVIDER_MEMINFO]);
}

/* A line of /proc/meminfo, in bytes. */
static bool memory_field(const char *text, const char *name, uint64_t *ret)
{
	const char *line = strstr(text, name);

	if (!line)
		return false;
	*ret = strtoull(line + strlen(name), NULL, 10) * 1024;
	return true;
}

void system_memory_read(struct system_memory *m, struct series *machine, struct buf *buffer)
{
	const char *text = proc_file_read(m->meminfo_fd, buffer);
	uint64_t total, available, free, cached, swap_total, swap_free;

	if (!text || !memory_field(text, "MemTotal:", &total))
		return;
	series_gauge(machine, SYSTEM_INPUT(memory_total_bytes), total);
	if (memory_field(text, "\nMemFree:", &free))
		series_gauge(machine, SYSTEM_INPUT(memory_free_bytes), free);
	if (memory_field(text, "\nMemAvailable:", &available)) {
		series_gauge(machine, SYSTEM_INPUT(memory_available_bytes), available);
		series_gauge(machine, SYSTEM_INPUT(memory_used_bytes), total - available);
	}
	if (memory_field(text, "\nCached:", &cached))
		series_gauge(machine, SYSTEM_INPUT(memory_cached_bytes), cached);
	if (memory_field(text, "\nSwapTotal:", &swap_total) &&
	    memory_field(text, "\nSwapFree:", &swap_free)) {
		series_gauge(machine, SYSTEM_INPUT(swap_total_bytes), swap_total);
		series_gauge(machine, SYSTEM_INPUT(swap_used_bytes), swap_total - swap_free);
	}
}

void system_memory_close(struct system_memory *m)
{
	proc_file_close(&m->meminfo_fd);
}
