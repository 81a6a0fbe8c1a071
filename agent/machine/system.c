// SPDX-License-Identifier: Apache-2.0
#include "machine/system.h"

#include <errno.h>

int system_open(struct system *s, struct probe_state states[PROVIDERS])
{
	*s = (struct system){.opened = true};
	system_memory_open(&s->memory, states);
	system_load_open(&s->load, states);
	system_tcp_open(&s->tcp, states);
	system_disks_open(&s->disks, &states[PROVIDER_DISKSTATS]);
	system_filesystems_open(&s->filesystems, &states[PROVIDER_MOUNTS]);
	if (system_interfaces_open(&s->interfaces, &states[PROVIDER_NETDEV]))
		return -ENOMEM;
	return system_cpu_open(&s->cpu, &states[PROVIDER_STAT]);
}

/* The CPUs last: the walk over all tasks follows, and the sums are held against each other. */
void system_read(struct system *s)
{
	series_begin(&s->machine);
	system_memory_read(&s->memory, &s->machine, &s->text);
	system_load_read(&s->load, &s->machine, &s->text);
	system_tcp_read(&s->tcp, &s->machine, &s->text);
	system_disks_read(&s->disks, &s->text);
	system_interfaces_read(&s->interfaces, &s->text);
	system_cpu_read(&s->cpu, &s->machine, &s->text);
}

void system_ask(struct system *s)
{
	system_filesystems_ask(&s->filesystems, &s->text);
}

void system_emit(struct system *s, struct builder *b, uint64_t length_ns)
{
	struct builder_row row = {0};

	series_derive(&s->machine, &row, SCOPE_SYSTEM, length_ns, s->cpu.cores_seen);
	builder_add(b, SCOPE_SYSTEM, &row);
	system_cpu_emit(&s->cpu, b, length_ns);
	system_disks_emit(&s->disks, b, length_ns);
	system_filesystems_emit(&s->filesystems, b);
	system_interfaces_emit(&s->interfaces, b, length_ns);
}

uint64_t system_left_out(const struct system *s)
{
	return s->disks.left_out + s->filesystems.left_out + s->interfaces.left_out;
}

void system_close(struct system *s)
{
	if (!s->opened)
		return;
	system_cpu_close(&s->cpu);
	system_memory_close(&s->memory);
	system_load_close(&s->load);
	system_tcp_close(&s->tcp);
	system_disks_close(&s->disks);
	system_filesystems_close(&s->filesystems);
	system_interfaces_close(&s->interfaces);
	buf_free(&s->text);
	*s = (struct system){0};
}
