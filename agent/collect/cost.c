// SPDX-License-Identifier: Apache-2.0
#include "collect/cost.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/cleanup.h"
#include "collect/variant.h"

/* As many as it takes for the first ones, which find cold caches, to count little. */
#define MESSAGES 200
#define CHILDREN 4

/* Fewer runs tell nothing. */
#define ENOUGH_RUNS 8

static uint64_t runs_of(const struct cost *c, uint32_t p)
{
	AUTO_FREE uint64_t *counts = calloc(c->cpus, sizeof(*counts));
	uint64_t sum = 0;

	if (!counts || bpf_map_lookup_elem(c->runs_fd, &p, counts))
		return 0;
	for (uint32_t i = 0; i < c->cpus; i++)
		sum += counts[i];
	return sum;
}

static void exchange_messages(void)
{
	int fds[2];
	char byte = 0;

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds))
		return;
	for (int i = 0; i < MESSAGES; i++)
		if (send(fds[0], &byte, 1, MSG_DONTWAIT) != 1 ||
		    recv(fds[1], &byte, 1, MSG_DONTWAIT) != 1)
			break;
	close(fds[0]);
	close(fds[1]);
}

static void make_children(void)
{
	for (int i = 0; i < CHILDREN; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		if (pid > 0)
			waitpid(pid, NULL, 0);
	}
}

/* Iterators are left out: they run in the agent's own CPU time. */
static void add_run_time(const struct bpf_object_skeleton *s, uint64_t ret_ns[PROVIDERS])
{
	for (int i = 0; i < s->prog_cnt; i++) {
		const struct bpf_program *program = *s->progs[i].prog;
		struct bpf_prog_info info = {0};
		__u32 len = sizeof(info);
		int p = variant_provider(program), fd = bpf_program__fd(program);

		if (p < 0 || fd < 0 || variant_is_iterator(program) ||
		    bpf_obj_get_info_by_fd(fd, &info, &len))
			continue;
		ret_ns[p] += info.run_time_ns;
	}
}

static void measure(struct cost *c, const struct bpf_object_skeleton *s)
{
	AUTO_CLOSE int stats = bpf_enable_stats(BPF_STATS_RUN_TIME);
	uint64_t before[PROVIDERS] = {0}, after[PROVIDERS] = {0}, runs[PROVIDERS];

	if (stats < 0)
		return;
	add_run_time(s, before);
	for (uint32_t p = 0; p < PROVIDERS; p++)
		runs[p] = runs_of(c, p);
	exchange_messages();
	make_children();
	add_run_time(s, after);
	for (uint32_t p = 0; p < PROVIDERS; p++) {
		uint64_t count = runs_of(c, p) - runs[p];

		if (count >= ENOUGH_RUNS)
			c->run_ns[p] = (after[p] - before[p]) / count;
	}
}

void cost_begin(struct cost *c, const struct bpf_object_skeleton *s, int runs_fd, uint32_t cpus)
{
	*c = (struct cost){.runs_fd = runs_fd, .cpus = cpus};
	for (int p = 0; p < PROVIDERS; p++)
		c->run_ns[p] = COST_DEFAULT_RUN_NS;
	measure(c, s);
}

void cost_read(const struct cost *c, uint64_t ret_ns[PROVIDERS])
{
	for (uint32_t p = 0; p < PROVIDERS; p++)
		ret_ns[p] = runs_of(c, p) * c->run_ns[p];
}

static uint64_t memlock_of(int fd)
{
	char path[64], line[128];
	unsigned long long bytes = 0;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);

	FILE *f = fopen(path, "re");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "memlock: %llu", &bytes) == 1)
			break;
	if (f)
		fclose(f);
	return bytes;
}

uint64_t cost_map_bytes(const struct bpf_object_skeleton *s)
{
	uint64_t sum = 0;

	for (int i = 0; i < s->map_cnt; i++)
		sum += memlock_of(bpf_map__fd(*s->maps[i].map));
	return sum;
}
