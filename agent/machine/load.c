// SPDX-License-Identifier: Apache-2.0
#include "machine/load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "machine/system.h"

/* A kernel booted with pressure off has the files and refuses to read them. */
static void open_pressure(struct system_load *l, struct probe_state *state)
{
	static const char *const paths[] = {"/proc/pressure/cpu", "/proc/pressure/memory",
					    "/proc/pressure/io"};
	char byte;

	for (int i = 0; i < 3; i++)
		l->pressure_fd[i] = proc_file_open(paths[i], state);
	if (l->pressure_fd[0] >= 0 && pread(l->pressure_fd[0], &byte, 1, 0) == 1)
		return;
	state->attached = false;
	if (l->pressure_fd[0] >= 0 || errno == EOPNOTSUPP)
		text_copy(state->reason, sizeof(state->reason),
			  "the kernel was booted with pressure accounting off (psi=1 turns it on)");
}

void system_load_open(struct system_load *l, struct probe_state states[PROVIDERS])
{
	l->loadavg_fd = proc_file_open("/proc/loadavg", &states[PROVIDER_LOADAVG]);
	open_pressure(l, &states[PROVIDER_PRESSURE]);
}

static void read_loadavg(struct system_load *l, struct series *machine, struct buf *buffer)
{
	const char *text = proc_file_read(l->loadavg_fd, buffer);
	double one, five, fifteen;

	if (!text || sscanf(text, "%lf %lf %lf", &one, &five, &fifteen) != 3)
		return;
	series_gauge(machine, SYSTEM_INPUT(load_one), (uint64_t)(one * 1000 + .5));
	series_gauge(machine, SYSTEM_INPUT(load_five), (uint64_t)(five * 1000 + .5));
	series_gauge(machine, SYSTEM_INPUT(load_fifteen), (uint64_t)(fifteen * 1000 + .5));
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=N", N in microseconds; "full ..." behind it. */
static void take_pressure(struct series *machine, unsigned input, const char *text,
			  const char *kind)
{
	const char *line = strstr(text, kind);
	const char *total = line ? strstr(line, "total=") : NULL;

	if (total)
		series_counter(machine, input, strtoull(total + 6, NULL, 10) * 1000);
}

/* "full" of the CPU means nothing for a whole machine: the kernel writes 0. */
static void read_pressure(struct system_load *l, struct series *machine, struct buf *buffer)
{
	static const struct {
		unsigned some;
		int full; /* -1: none */
	} inputs[3] = {
		{SYSTEM_INPUT(pressure_cpu_ns), -1},
		{SYSTEM_INPUT(pressure_memory_ns), SYSTEM_INPUT(pressure_memory_full_ns)},
		{SYSTEM_INPUT(pressure_io_ns), SYSTEM_INPUT(pressure_io_full_ns)},
	};

	for (unsigned i = 0; i < 3; i++) {
		const char *text = proc_file_read(l->pressure_fd[i], buffer);

		if (!text)
			continue;
		take_pressure(machine, inputs[i].some, text, "some ");
		if (inputs[i].full >= 0)
			take_pressure(machine, (unsigned)inputs[i].full, text, "full ");
	}
}

void system_load_read(struct system_load *l, struct series *machine, struct buf *text)
{
	read_loadavg(l, machine, text);
	read_pressure(l, machine, text);
}

void system_load_close(struct system_load *l)
{
	proc_file_close(&l->loadavg_fd);
	for (int i = 0; i < 3; i++)
		proc_file_close(&l->pressure_fd[i]);
}
