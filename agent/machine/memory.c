// SPDX-License-Identifier: Apache-2.0
#include "machine/memory.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "machine/system.h"

void system_memory_open(struct system_memory *m, struct probe_state states[PROVIDERS])
{
	m->meminfo_fd = proc_file_open("/proc/meminfo", &states[PROVIDER_MEMINFO]);
	m->vmstat_fd = proc_file_open("/proc/vmstat", &states[PROVIDER_VMSTAT]);
	m->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Lines of /proc/meminfo are in KiB. */
static bool take_bytes(struct series *machine, unsigned input, const char *text, const char *name)
{
	uint64_t kib;

	if (!proc_file_number(text, name, &kib))
		return false;
	series_gauge(machine, input, kib * 1024);
	return true;
}

/* What is left of the total is used; both are shown as shares of it, too. */
static void take_memory(struct series *m, const char *text)
{
	const uint64_t *total = &m->value[SYSTEM_INPUT(memory_total_bytes)];
	const uint64_t *available = &m->value[SYSTEM_INPUT(memory_available_bytes)];

	if (!take_bytes(m, SYSTEM_INPUT(memory_total_bytes), text, "MemTotal:") ||
	    !take_bytes(m, SYSTEM_INPUT(memory_available_bytes), text, "MemAvailable:"))
		return;

	uint64_t used = *total > *available ? *total - *available : 0;

	series_gauge(m, SYSTEM_INPUT(memory_used_bytes), used);
	series_share(m, SYSTEM_INPUT(memory_used_share), used, *total);
	series_share(m, SYSTEM_INPUT(memory_available_share), *available, *total);
}

static void take_swap(struct series *m, const char *text)
{
	const uint64_t *total = &m->value[SYSTEM_INPUT(swap_total_bytes)];
	uint64_t free_kib;

	if (!take_bytes(m, SYSTEM_INPUT(swap_total_bytes), text, "SwapTotal:") ||
	    !proc_file_number(text, "SwapFree:", &free_kib))
		return;

	uint64_t used = *total > free_kib * 1024 ? *total - free_kib * 1024 : 0;

	series_gauge(m, SYSTEM_INPUT(swap_used_bytes), used);
	series_share(m, SYSTEM_INPUT(swap_used_share), used, *total);
}

static void take_pages(const struct system_memory *m, struct series *machine, unsigned input,
		       const char *text, const char *name)
{
	uint64_t pages;

	if (proc_file_number(text, name, &pages))
		series_counter(machine, input, pages * m->page_bytes);
}

void system_memory_read(struct system_memory *m, struct series *machine, struct buf *buffer)
{
	const char *text = proc_file_read(m->meminfo_fd, buffer);

	if (text) {
		take_memory(machine, text);
		take_swap(machine, text);
		take_bytes(machine, SYSTEM_INPUT(memory_free_bytes), text, "MemFree:");
		take_bytes(machine, SYSTEM_INPUT(memory_cached_bytes), text, "Cached:");
		take_bytes(machine, SYSTEM_INPUT(memory_dirty_bytes), text, "Dirty:");
		take_bytes(machine, SYSTEM_INPUT(memory_writeback_bytes), text, "Writeback:");
		take_bytes(machine, SYSTEM_INPUT(memory_slab_bytes), text, "Slab:");
		take_bytes(machine, SYSTEM_INPUT(memory_shared_bytes), text, "Shmem:");
	}
	text = proc_file_read(m->vmstat_fd, buffer);
	if (text) {
		take_pages(m, machine, SYSTEM_INPUT(swap_in_bytes), text, "pswpin ");
		take_pages(m, machine, SYSTEM_INPUT(swap_out_bytes), text, "pswpout ");
	}
}

void system_memory_close(struct system_memory *m)
{
	proc_file_close(&m->meminfo_fd);
	proc_file_close(&m->vmstat_fd);
}
