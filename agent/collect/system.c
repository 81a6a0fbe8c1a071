// SPDX-License-Identifier: Apache-2.0
#include "collect/system.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

#define TEXT_BYTES (256 * 1024)
#define SYSTEM_INPUT(id) (INPUT_SYSTEM_##id - INPUT_FIRST_SYSTEM)
#define CORE_INPUT(id) (INPUT_CORE_##id - INPUT_FIRST_CORE)
#define INTERFACE_INPUT(id) (INPUT_INTERFACE_##id - INPUT_FIRST_INTERFACE)

static int open_file(const char *path, struct probe_state *state)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (!state)
		return fd;
	state->attached = fd >= 0;
	if (fd < 0)
		snprintf(state->reason, sizeof(state->reason), "%s: %s", path, strerror(errno));
	else
		text_copy(state->variant, sizeof(state->variant), "procfs");
	return fd;
}

/* A kernel booted with pressure off has the files and refuses to read them. */
static void open_pressure(struct system *s, struct probe_state *state)
{
	static const char *const paths[] = {"/proc/pressure/cpu", "/proc/pressure/memory",
					    "/proc/pressure/io"};
	char byte;

	for (int i = 0; i < 3; i++)
		s->pressure_fd[i] = open_file(paths[i], state);
	if (s->pressure_fd[0] >= 0 && pread(s->pressure_fd[0], &byte, 1, 0) == 1)
		return;
	state->attached = false;
	if (s->pressure_fd[0] >= 0 || errno == EOPNOTSUPP)
		text_copy(state->reason, sizeof(state->reason),
			  "the kernel was booted with pressure accounting off (psi=1 turns it on)");
}

static int open_cpu_usage(void)
{
	int fd = open_file("/sys/fs/cgroup/cpuacct/cpuacct.usage", NULL);

	return fd >= 0 ? fd : open_file("/sys/fs/cgroup/cpu,cpuacct/cpuacct.usage", NULL);
}

int system_open(struct system *s, struct probe_state states[PROVIDERS])
{
	*s = (struct system){.ticks_per_second = sysconf(_SC_CLK_TCK)};
	s->stat_fd = open_file("/proc/stat", &states[PROVIDER_STAT]);
	s->meminfo_fd = open_file("/proc/meminfo", &states[PROVIDER_MEMINFO]);
	s->loadavg_fd = open_file("/proc/loadavg", &states[PROVIDER_LOADAVG]);
	s->netdev_fd = open_file("/proc/self/net/dev", &states[PROVIDER_NETDEV]);
	s->cpu_usage_fd = open_cpu_usage();
	open_pressure(s, &states[PROVIDER_PRESSURE]);
	s->core_limit = (uint32_t)sysconf(_SC_NPROCESSORS_CONF);
	if (s->core_limit > SYSTEM_MAX_CORES)
		s->core_limit = SYSTEM_MAX_CORES;
	s->cores = calloc(s->core_limit, sizeof(*s->cores));
	s->text = malloc(TEXT_BYTES);
	return s->cores && s->text ? 0 : -ENOMEM;
}

/* The whole file as a NUL-terminated text; false when it cannot be read. */
static bool read_text(struct system *s, int fd)
{
	size_t len = 0;
	ssize_t got;

	if (fd < 0)
		return false;
	while (len < TEXT_BYTES - 1 &&
	       (got = pread(fd, s->text + len, TEXT_BYTES - 1 - len, (off_t)len)) > 0)
		len += (size_t)got;
	s->text[len] = '\0';
	return len > 0;
}

enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, CPU_FIELDS };

static bool parse_cpu_line(const char *line, uint64_t ns[CPU_FIELDS], long ticks_per_second)
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
static uint64_t busy_total(const struct system *s, const uint64_t ns[CPU_FIELDS])
{
	char text[32];
	ssize_t len = s->cpu_usage_fd < 0 ? -1 : pread(s->cpu_usage_fd, text, sizeof(text) - 1, 0);

	if (len <= 0)
		return busy_of(ns);
	text[len] = '\0';
	return strtoull(text, NULL, 10);
}

static void take_machine_cpu(struct system *s, const uint64_t ns[CPU_FIELDS])
{
	struct series *m = &s->machine;

	s->busy_ns = busy_total(s, ns);
	series_counter(m, SYSTEM_INPUT(cpu_busy_ns), s->busy_ns);
	series_counter(m, SYSTEM_INPUT(cpu_user_ns), ns[USER] + ns[NICE]);
	series_counter(m, SYSTEM_INPUT(cpu_system_ns), ns[SYSTEM]);
	series_counter(m, SYSTEM_INPUT(cpu_iowait_ns), ns[IOWAIT]);
	series_counter(m, SYSTEM_INPUT(cpu_irq_ns), ns[IRQ]);
	series_counter(m, SYSTEM_INPUT(cpu_softirq_ns), ns[SOFTIRQ]);
	series_counter(m, SYSTEM_INPUT(cpu_steal_ns), ns[STEAL]);
}

static void read_stat(struct system *s)
{
	uint64_t ns[CPU_FIELDS];
	uint32_t online = 0;

	if (!read_text(s, s->stat_fd))
		return;
	for (char *line = s->text; strncmp(line, "cpu", 3) == 0; line++) {
		unsigned core;
		int skip = 0;

		if (line[3] == ' ') {
			if (parse_cpu_line(line + 3, ns, s->ticks_per_second))
				take_machine_cpu(s, ns);
		} else if (sscanf(line, "cpu%u %n", &core, &skip) == 1 && core < s->core_limit &&
			   parse_cpu_line(line + skip, ns, s->ticks_per_second)) {
			series_counter(&s->cores[core], CORE_INPUT(busy_ns), busy_of(ns));
			online++;
		}
		line = strchr(line, '\n');
		if (!line)
			break;
	}
	s->cores_seen = online;
	series_gauge(&s->machine, SYSTEM_INPUT(cpu_count), online);
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

static void read_meminfo(struct system *s)
{
	struct series *m = &s->machine;
	uint64_t total, available, free, cached, swap_total, swap_free;

	if (!read_text(s, s->meminfo_fd) || !memory_field(s->text, "MemTotal:", &total))
		return;
	series_gauge(m, SYSTEM_INPUT(memory_total_bytes), total);
	if (memory_field(s->text, "\nMemFree:", &free))
		series_gauge(m, SYSTEM_INPUT(memory_free_bytes), free);
	if (memory_field(s->text, "\nMemAvailable:", &available)) {
		series_gauge(m, SYSTEM_INPUT(memory_available_bytes), available);
		series_gauge(m, SYSTEM_INPUT(memory_used_bytes), total - available);
	}
	if (memory_field(s->text, "\nCached:", &cached))
		series_gauge(m, SYSTEM_INPUT(memory_cached_bytes), cached);
	if (memory_field(s->text, "\nSwapTotal:", &swap_total) &&
	    memory_field(s->text, "\nSwapFree:", &swap_free)) {
		series_gauge(m, SYSTEM_INPUT(swap_total_bytes), swap_total);
		series_gauge(m, SYSTEM_INPUT(swap_used_bytes), swap_total - swap_free);
	}
}

static void read_loadavg(struct system *s)
{
	double one, five, fifteen;

	if (!read_text(s, s->loadavg_fd) ||
	    sscanf(s->text, "%lf %lf %lf", &one, &five, &fifteen) != 3)
		return;
	series_gauge(&s->machine, SYSTEM_INPUT(load_one), (uint64_t)(one * 1000 + .5));
	series_gauge(&s->machine, SYSTEM_INPUT(load_five), (uint64_t)(five * 1000 + .5));
	series_gauge(&s->machine, SYSTEM_INPUT(load_fifteen), (uint64_t)(fifteen * 1000 + .5));
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=N", N in microseconds. */
static void read_pressure(struct system *s)
{
	for (unsigned i = 0; i < 3; i++) {
		const char *total = NULL;

		if (read_text(s, s->pressure_fd[i]))
			total = strstr(s->text, "total=");
		if (total)
			series_counter(&s->machine, SYSTEM_INPUT(pressure_cpu_ns) + i,
				       strtoull(total + 6, NULL, 10) * 1000);
	}
}

static struct interface *interface_of(struct system *s, const char *name)
{
	struct interface *free_slot = NULL;

	for (size_t i = 0; i < s->interface_count; i++) {
		if (strcmp(s->interfaces[i].name, name) == 0)
			return &s->interfaces[i];
		if (!s->interfaces[i].seen && !free_slot)
			free_slot = &s->interfaces[i];
	}
	if (s->interface_count < SYSTEM_MAX_INTERFACES)
		free_slot = &s->interfaces[s->interface_count++];
	if (free_slot) {
		*free_slot = (struct interface){0};
		text_copy(free_slot->name, sizeof(free_slot->name), name);
	}
	return free_slot;
}

/* "name: bytes packets errs drop fifo frame compressed multicast bytes packets errs drop ..." */
static void take_interface(struct system *s, const char *line)
{
	char name[SYSTEM_NAME_LENGTH];
	unsigned long long v[8];

	if (sscanf(line, " %31[^:]: %llu %llu %llu %llu %*u %*u %*u %*u %llu %llu %llu %llu", name,
		   &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7]) != 9)
		return;

	struct interface *interface = interface_of(s, name);

	if (!interface)
		return;
	interface->seen = true;
	for (unsigned i = 0; i < 8; i++)
		series_counter(&interface->series, INTERFACE_INPUT(rx_bytes) + i, v[i]);
}

static void read_netdev(struct system *s)
{
	for (size_t i = 0; i < s->interface_count; i++) {
		series_begin(&s->interfaces[i].series);
		s->interfaces[i].seen = false;
	}
	if (!read_text(s, s->netdev_fd))
		return;
	for (char *line = strchr(s->text, '\n'); line; line = strchr(line + 1, '\n'))
		take_interface(s, line + 1);
}

void system_read(struct system *s)
{
	series_begin(&s->machine);
	for (uint32_t i = 0; i < s->core_limit; i++)
		series_begin(&s->cores[i]);
	read_stat(s);
	read_meminfo(s);
	read_loadavg(s);
	read_pressure(s);
	read_netdev(s);
}

void system_emit(struct system *s, struct builder *b, uint64_t length_ns)
{
	struct builder_row row = {0};

	series_derive(&s->machine, &row, SCOPE_SYSTEM, length_ns, s->cores_seen);
	builder_add(b, SCOPE_SYSTEM, &row);
	for (uint32_t i = 0; i < s->core_limit; i++) {
		if (!s->cores[i].available)
			continue;
		row = (struct builder_row){0};
		builder_label(&row, SCOPE_CORE, LABEL_CORE_core, i);
		series_derive(&s->cores[i], &row, SCOPE_CORE, length_ns, 1);
		builder_add(b, SCOPE_CORE, &row);
	}
	for (size_t i = 0; i < s->interface_count; i++) {
		if (!s->interfaces[i].seen)
			continue;
		row = (struct builder_row){0};
		builder_label_string(b, &row, SCOPE_INTERFACE, LABEL_INTERFACE_name,
				     s->interfaces[i].name);
		series_derive(&s->interfaces[i].series, &row, SCOPE_INTERFACE, length_ns, 1);
		builder_add(b, SCOPE_INTERFACE, &row);
	}
}

void system_close(struct system *s)
{
	int fds[] = {s->stat_fd,	s->meminfo_fd,	   s->loadavg_fd,     s->netdev_fd,
		     s->pressure_fd[0], s->pressure_fd[1], s->pressure_fd[2], s->cpu_usage_fd};

	if (!s->text)
		return;
	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	free(s->cores);
	free(s->text);
	*s = (struct system){0};
}
