// SPDX-License-Identifier: Apache-2.0
#include "collect/loader.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "base/log.h"
#include "probecast.skel.h"

#define TRACEPOINT_PREFIX "btf_trace_"

static int print_libbpf(enum libbpf_print_level level, const char *format, va_list args)
{
	char line[512];

	if (!log_enabled(LOG_DEBUG))
		return 0;
	vsnprintf(line, sizeof(line), format, args);
	line[strcspn(line, "\n")] = '\0';
	if (level != LIBBPF_DEBUG)
		log_debug("libbpf: %s", line);
	return 0;
}

/* A program's name begins with its provider's: sockets__send belongs to "sockets". */
static int provider_of(const struct bpf_program *program)
{
	const char *name = bpf_program__name(program);

	for (int p = 0; p < PROVIDERS; p++) {
		size_t len = strlen(catalogue_providers[p].name);

		if (strncmp(name, catalogue_providers[p].name, len) == 0 &&
		    strncmp(name + len, "__", 2) == 0)
			return p;
	}
	return -1;
}

/* The kernel has the tracepoint of a tp_btf program when its BTF has the type of the callback. */
static bool target_exists(const struct btf *btf, const struct bpf_program *program)
{
	const char *section = bpf_program__section_name(program);
	const char *slash = strchr(section, '/');
	char type[128];

	if (strncmp(section, "tp_btf/", 7) != 0)
		return true;
	snprintf(type, sizeof(type), TRACEPOINT_PREFIX "%s", slash + 1);
	return btf__find_by_name_kind(btf, type, BTF_KIND_TYPEDEF) > 0;
}

static void set_reason(struct probe_state *state, const char *what, const char *program, int error)
{
	state->attached = false;
	snprintf(state->reason, sizeof(state->reason), "%s %s: %s", program, what, strerror(error));
}

static void choose_programs(struct loader *l, const struct btf *btf)
{
	struct bpf_program *program;

	bpf_object__for_each_program (program, l->skeleton->obj) {
		int p = provider_of(program);

		if (p < 0 || target_exists(btf, program))
			continue;
		bpf_program__set_autoload(program, false);
		snprintf(l->states[p].reason, sizeof(l->states[p].reason),
			 "this kernel has no tracepoint %s",
			 strchr(bpf_program__section_name(program), '/') + 1);
	}
}

/* Unified hierarchy: this file stands at its root. */
static bool cgroup_is_v1(void)
{
	return access("/sys/fs/cgroup/cgroup.controllers", F_OK) != 0;
}

static int open_and_load(struct loader *l, const struct btf *btf, bool exe_path)
{
	l->skeleton = probecast_bpf__open();
	if (!l->skeleton)
		return -errno;
	l->skeleton->rodata->cgroup_v1 = cgroup_is_v1();
	l->skeleton->rodata->cpu_count = (__u32)libbpf_num_possible_cpus();
	l->skeleton->rodata->read_exe_path = exe_path;
	choose_programs(l, btf);

	int error = probecast_bpf__load(l->skeleton);

	if (error) {
		probecast_bpf__destroy(l->skeleton);
		l->skeleton = NULL;
	}
	return error;
}

static void attach(struct loader *l, struct bpf_program *program, struct bpf_link **link)
{
	int p = provider_of(program);
	struct probe_state *state = &l->states[p];
	const char *section = bpf_program__section_name(program);

	if (p < 0 || state->reason[0])
		return;
	*link = bpf_program__attach(program);
	if (!*link) {
		set_reason(state, "does not attach", bpf_program__name(program), errno);
		return;
	}
	state->attached = true;
	snprintf(state->variant, sizeof(state->variant), "%.*s", (int)strcspn(section, "/"),
		 section);
	if (strcmp(section, "iter/task") == 0)
		snprintf(state->variant, sizeof(state->variant), "iter/task");
}

static void attach_all(struct loader *l)
{
	struct bpf_object_skeleton *s = l->skeleton->skeleton;

	for (int i = 0; i < s->prog_cnt; i++)
		if (bpf_program__autoload(*s->progs[i].prog))
			attach(l, *s->progs[i].prog, s->progs[i].link);
}

static int explain(int error, char *text, size_t size)
{
	if (error == -EPERM || error == -EACCES)
		snprintf(text, size,
			 "loading BPF programs is not permitted: run as root, or with CAP_BPF and "
			 "CAP_PERFMON");
	else
		snprintf(text, size, "the kernel refuses the BPF programs: %s", strerror(-error));
	return error;
}

int loader_open(struct loader *l, char *error, size_t size)
{
	libbpf_set_print(print_libbpf);

	struct btf *btf = btf__load_vmlinux_btf();

	if (!btf) {
		snprintf(error, size,
			 "this kernel has no type information (/sys/kernel/btf/vmlinux): BPF needs "
			 "it");
		return -ENOENT;
	}

	/* Where the verifier allows no bpf_d_path() in an iterator, names come without paths. */
	int failed = open_and_load(l, btf, true);

	if (failed && failed != -EPERM)
		failed = open_and_load(l, btf, false);
	btf__free(btf);
	if (failed)
		return explain(failed, error, size);
	attach_all(l);
	if (!l->states[PROVIDER_WALK].attached) {
		snprintf(error, size, "%s", l->states[PROVIDER_WALK].reason);
		return -ENODEV;
	}
	/* The verifier's input and the kernel's types took 10 MB that are free again. */
	malloc_trim(0);
	l->walk_link = bpf_link__fd(l->skeleton->links.walk__tasks);
	l->files_link = -1;
	if (l->states[PROVIDER_CONNECTIONS].attached)
		l->files_link = bpf_link__fd(l->skeleton->links.connections__files);
	l->ring_fd = bpf_map__fd(l->skeleton->maps.events);
	l->disks_fd = bpf_map__fd(l->skeleton->maps.disks);
	return 0;
}

bool loader_run_ns(const struct loader *l, uint64_t *ret_ns)
{
	struct bpf_object_skeleton *s = l->skeleton->skeleton;
	uint64_t sum = 0, runs = 0;

	for (int i = 0; i < s->prog_cnt; i++) {
		struct bpf_prog_info info = {0};
		__u32 len = sizeof(info);
		int fd = bpf_program__fd(*s->progs[i].prog);

		if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &len))
			continue;
		sum += info.run_time_ns;
		runs += info.run_cnt;
	}
	if (!runs)
		return false;
	*ret_ns = sum;
	return true;
}

void loader_close(struct loader *l)
{
	if (l->skeleton)
		probecast_bpf__destroy(l->skeleton);
	*l = (struct loader){0};
}
