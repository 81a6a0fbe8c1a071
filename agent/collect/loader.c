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
#include "base/text.h"
#include "collect/variant.h"
#include "machine/cgroup_stat.h"
#include "probecast.skel.h"

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

/* Opens the object and settles, for each provider that has programs, which variant comes next. */
static int open_chosen(struct loader *l, const struct btf *btf)
{
	struct bpf_program *program;

	l->skeleton = probecast_bpf__open();
	if (!l->skeleton)
		return -errno;
	l->skeleton->rodata->cgroup_v1 = cgroup_is_v1();
	l->skeleton->rodata->cpu_count = (__u32)libbpf_num_possible_cpus();
	l->skeleton->rodata->read_exe_path = !l->no_exe_path;
	l->skeleton->rodata->read_files = !l->no_files;
	bpf_object__for_each_program (program, l->skeleton->obj) {
		int p = variant_provider(program);

		if (p >= 0 && l->variants[p] == VARIANT_NEXT)
			l->variants[p] = variant_choose(l->skeleton->obj, btf, (enum provider)p,
							l->tried[p], &l->states[p]);
	}
	return 0;
}

static void close_skeleton(struct loader *l)
{
	if (l->skeleton)
		probecast_bpf__destroy(l->skeleton);
	l->skeleton = NULL;
}

/* Loads what was chosen: of all providers, or of one alone. */
static int load(struct loader *l, const struct btf *btf, int only)
{
	struct bpf_program *program;
	int error = open_chosen(l, btf);

	if (error)
		return error;
	bpf_object__for_each_program (program, l->skeleton->obj) {
		int p = variant_provider(program);
		bool chosen = p >= 0 && (only < 0 || only == p) &&
			      variant_includes(program, btf, l->variants[p]);

		bpf_program__set_autoload(program, chosen);
	}
	error = probecast_bpf__load(l->skeleton);
	if (error)
		close_skeleton(l);
	return error;
}

/* The variant did not do: the one behind it is next. */
static void pass_over(struct loader *l, int p)
{
	l->tried[p] = l->variants[p] + 1;
	l->variants[p] = VARIANT_NEXT;
}

/* First without files, which another iterator reads, too; then without paths. */
static bool make_walk_plainer(struct loader *l)
{
	if (l->no_exe_path)
		return false;
	if (l->no_files)
		l->no_exe_path = true;
	l->no_files = true;
	return true;
}

/*
 * The kernel refused the programs, and does not say which: each provider is tried
 * alone. Where the verifier allows no bpf_d_path() in an iterator, names come
 * without paths. Returns 0 when there is another choice to load.
 */
static int find_refused(struct loader *l, const struct btf *btf, int error)
{
	bool found = false;

	for (int p = 0; p < PROVIDERS; p++) {
		if (l->variants[p] < 0)
			continue;

		int alone = load(l, btf, p);

		close_skeleton(l);
		if (!alone)
			continue;
		if (p == PROVIDER_WALK && (alone == -EPERM || !make_walk_plainer(l)))
			return alone;
		found = true;
		if (p == PROVIDER_WALK)
			continue;
		variant_add_reason(&l->states[p], "the kernel refuses it: %s", strerror(-alone));
		pass_over(l, p);
	}
	return found ? 0 : error;
}

/* The kernel's ENOTSUPP, which it should not show, has no text. */
static const char *error_text(int error)
{
	return error == -524 ? "not supported by this kernel" : strerror(-error);
}

static int link_fd(const struct bpf_link *link)
{
	return link ? bpf_link__fd(link) : -1;
}

/* Iterators are read through the descriptors of their links. */
static void note_links(struct loader *l)
{
	l->walk_link = link_fd(l->skeleton->links.walk__tasks);
	l->files_link = link_fd(l->skeleton->links.connections__files);
}

int loader_attach(struct loader *l, enum provider p)
{
	struct bpf_object_skeleton *s = l->skeleton->skeleton;
	struct probe_state *state = &l->states[p];

	for (int i = 0; i < s->prog_cnt; i++) {
		struct bpf_program *program = *s->progs[i].prog;

		if (!bpf_program__autoload(program) || variant_provider(program) != (int)p)
			continue;
		*s->progs[i].link = bpf_program__attach(program);
		if (!*s->progs[i].link) {
			int error = -errno;

			variant_add_reason(state, "%s does not attach: %s",
					   bpf_program__section_name(program), error_text(error));
			loader_detach(l, p);
			return error;
		}
		if (!state->attached)
			variant_name(program, l->variants[p], state);
		state->attached = true;
	}
	if (state->attached)
		state->reason[0] = '\0';
	note_links(l);
	return 0;
}

void loader_detach(struct loader *l, enum provider p)
{
	struct bpf_object_skeleton *s = l->skeleton->skeleton;

	for (int i = 0; i < s->prog_cnt; i++) {
		if (variant_provider(*s->progs[i].prog) != (int)p)
			continue;
		bpf_link__destroy(*s->progs[i].link);
		*s->progs[i].link = NULL;
	}
	l->states[p].attached = false;
	note_links(l);
}

/* False when a provider did not attach: it may have another variant. */
static bool attach_all(struct loader *l)
{
	bool all = true;

	for (int p = 0; p < PROVIDERS; p++) {
		if (l->variants[p] < 0 || !loader_attach(l, (enum provider)p))
			continue;
		pass_over(l, p);
		all = false;
	}
	return all;
}

/* Each round but the last rules out a variant of some provider, so there is a last. */
static int load_and_attach(struct loader *l, const struct btf *btf)
{
	for (;;) {
		int error = load(l, btf, -1);

		if (error)
			error = find_refused(l, btf, error);
		if (error)
			return error;
		if (l->skeleton && attach_all(l))
			return 0;
		close_skeleton(l);
		for (int p = 0; p < PROVIDERS; p++)
			l->states[p].attached = false;
	}
}

static void begin_choice(struct loader *l)
{
	for (int p = 0; p < PROVIDERS; p++) {
		bool off = strcmp(l->states[p].wanted, VARIANT_OFF) == 0;
		bool sampled = strcmp(l->states[p].wanted, VARIANT_SAMPLED) == 0;

		l->variants[p] = off || sampled ? VARIANT_NONE : VARIANT_NEXT;
		l->tried[p] = 0;
		if (off)
			text_copy(l->states[p].reason, sizeof(l->states[p].reason),
				  "switched off by the configuration");
		if (sampled)
			text_copy(l->states[p].reason, sizeof(l->states[p].reason),
				  "the configuration asks for TCP bytes alone");
	}
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

	begin_choice(l);

	int failed = load_and_attach(l, btf);

	btf__free(btf);
	if (failed)
		return explain(failed, error, size);
	if (!l->states[PROVIDER_WALK].attached) {
		snprintf(error, size, "%s", l->states[PROVIDER_WALK].reason);
		return -ENODEV;
	}
	/* The verifier's input and the kernel's types took 10 MB that are free again. */
	malloc_trim(0);
	l->ring_fd = bpf_map__fd(l->skeleton->maps.events);
	l->disks_fd = bpf_map__fd(l->skeleton->maps.disks);
	l->map_bytes = cost_map_bytes(l->skeleton->skeleton);
	cost_begin(&l->cost, l->skeleton->skeleton, bpf_map__fd(l->skeleton->maps.runs),
		   l->skeleton->rodata->cpu_count);
	return 0;
}

uint64_t loader_providers(void)
{
	struct probecast_bpf *skeleton = probecast_bpf__open();
	struct bpf_program *program;
	uint64_t bits = 0;

	if (!skeleton)
		return 0;
	bpf_object__for_each_program (program, skeleton->obj) {
		int p = variant_provider(program);

		if (p >= 0)
			bits |= 1ULL << p;
	}
	probecast_bpf__destroy(skeleton);
	return bits;
}

uint64_t loader_optional(const struct loader *l)
{
	struct bpf_object_skeleton *s = l->skeleton->skeleton;
	uint64_t optional = 0;

	for (int i = 0; i < s->prog_cnt; i++) {
		const struct bpf_program *program = *s->progs[i].prog;
		int p = variant_provider(program);

		if (p >= 0 && p != PROVIDER_WALK && p != PROVIDER_LIFE && l->states[p].attached)
			optional |= 1ULL << p;
	}
	return optional;
}

void loader_close(struct loader *l)
{
	close_skeleton(l);
	*l = (struct loader){0};
}
