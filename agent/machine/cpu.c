// SPDX-License-Identifier: Apache-2.0
#include "machine/cpu.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "machine/system.h"

/* The machine's busy time follows with system_cpu_complete(). */
#define NOT_YET UINT64_MAX

#define CORE_INPUT(id) (INPUT_CORE_##id - INPUT_FIRST_CORE)

_Static_assert(SYSTEM_INPUT(cpu_steal_ns) - SYSTEM_INPUT(cpu_busy_ns) ==
		       CORE_INPUT(steal_ns) - CORE_INPUT(busy_ns),
	       "take_times() fills both");

static int open_usage(void)
{
	int fd = proc_file_open("/sys/fs/cgroup/cpuacct/cpuacct.usage", NULL);

	return fd >= 0 ? fd : proc_file_open("/sys/fs/cgroup/cpu,cpuacct/cpuacct.usage", NULL);
}

int system_cpu_open(struct system_cpu *c, struct probe_state *state)
{
	*c = (struct system_cpu){.ticks_per_second = sysconf(_SC_CLK_TCK)};
	c->stat_fd = proc_file_open("/proc/stat", state);
	c->usage_fd = open_usage();
	cgroup_cpu_open(&c->cgroups, "/sys/fs/cgroup");
	c->core_limit = (uint32_t)sysconf(_SC_NPROCESSORS_CONF);
	if (c->core_limit > SYSTEM_MAX_CORES)
		c->core_limit = SYSTEM_MAX_CORES;
	c->cores = calloc(c->core_limit, sizeof(*c->cores));
	return c->cores ? 0 : -ENOMEM;
}

enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, CPU_FIELDS };

static bool parse_line(const char *line, uint64_t ns[CPU_FIELDS], long ticks_per_second)
{
	unsigned long long t[CPU_FIELDS];

	if (sscanf(line, "%llu %llu %llu %llu %llu %llu %llu %llu", &t[USER], &t[NICE], &t[SYSTEM],
		   &t[IDLE], &t[IOWAIT], &t[IRQ], &t[SOFTIRQ], &t[STEAL]) != CPU_FIELDS)
		return false;
	for (int i = 0; i < CPU_FIELDS; i++)
		ns[i] = t[i] * (NS_PER_SECOND / (uint64_t)ticks_per_second);
	return true;
}

static uint64_t busy_of(const uint64_t ns[CPU_FIELDS])
{
	return ns[USER] + ns[NICE] + ns[SYSTEM] + ns[IRQ] + ns[SOFTIRQ];
}

/* The tick-based sum, unless the kernel tells the exact one (cgroup v1: cpuacct of the root). */
static uint64_t busy_total(const struct system_cpu *c, const uint64_t ns[CPU_FIELDS])
{
	char text[32];
	ssize_t len;

	if (c->cgroups.unified)
		return NOT_YET;
	len = c->usage_fd < 0 ? -1 : pread(c->usage_fd, text, sizeof(text) - 1, 0);

	if (len <= 0)
		return busy_of(ns);
	text[len] = '\0';
	return strtoull(text, NULL, 10);
}

/* The machine and a core have the same inputs in the same order, from busy to steal. */
static void take_times(struct series *s, unsigned first, uint64_t busy,
		       const uint64_t ns[CPU_FIELDS])
{
	const uint64_t times[] = {
		busy, ns[USER] + ns[NICE], ns[SYSTEM], ns[IOWAIT], ns[IRQ], ns[SOFTIRQ], ns[STEAL],
	};

	for (unsigned i = busy == NOT_YET; i < sizeof(times) / sizeof(*times); i++)
		series_steady(s, first + i, times[i]);
}

/* "cpu0 1 2 ..." of a core, or "cpu  1 2 ..." of the machine. */
static void take_line(struct system_cpu *c, struct series *machine, const char *line)
{
	uint64_t ns[CPU_FIELDS];
	unsigned core;
	int skip = 0;

	if (line[3] == ' ') {
		if (parse_line(line + 3, ns, c->ticks_per_second))
			take_times(machine, SYSTEM_INPUT(cpu_busy_ns), busy_total(c, ns), ns);
	} else if (sscanf(line, "cpu%u %n", &core, &skip) == 1 && core < c->core_limit &&
		   parse_line(line + skip, ns, c->ticks_per_second)) {
		take_times(&c->cores[core], CORE_INPUT(busy_ns), busy_of(ns), ns);
		c->cores_seen++;
	}
}

void system_cpu_read(struct system_cpu *c, struct series *machine, struct buf *text)
{
	const char *line = proc_file_read(c->stat_fd, text);

	for (uint32_t i = 0; i < c->core_limit; i++)
		series_begin(&c->cores[i]);
	if (!line)
		return;
	c->cores_seen = 0;
	c->cgroups_read = cgroup_cpu_read(&c->cgroups);
	while (line && strncmp(line, "cpu", 3) == 0) {
		take_line(c, machine, line);
		line = strchr(line, '\n');
		line += line != NULL;
	}
	series_gauge(machine, SYSTEM_INPUT(cpu_count), c->cores_seen);
}

void system_cpu_complete(struct system_cpu *c, struct series *machine, uint64_t root_ns)
{
	if (c->cgroups_read)
		series_steady(machine, SYSTEM_INPUT(cpu_busy_ns), c->cgroups.total_ns + root_ns);
}

void system_cpu_emit(const struct system_cpu *c, struct builder *b, uint64_t length_ns)
{
	for (uint32_t i = 0; i < c->core_limit; i++) {
		struct builder_row row = {0};

		if (!c->cores[i].available)
			continue;
		builder_label(&row, SCOPE_CORE, LABEL_CORE_core, i);
		series_derive(&c->cores[i], &row, SCOPE_CORE, length_ns, 1);
		builder_add(b, SCOPE_CORE, &row);
	}
}

void system_cpu_close(struct system_cpu *c)
{
	proc_file_close(&c->stat_fd);
	proc_file_close(&c->usage_fd);
	cgroup_cpu_close(&c->cgroups);
	free(c->cores);
	c->cores = NULL;
}
