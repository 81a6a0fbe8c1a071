// SPDX-License-Identifier: Apache-2.0
#include "machine/filesystems.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

#define FILESYSTEM_INPUT(id) (INPUT_FILESYSTEM_##id - INPUT_FIRST_FILESYSTEM)

int system_filesystems_open_process(struct system_filesystems *f, const char *process,
				    asker_call *call)
{
	char path[64];

	*f = (struct system_filesystems){.mountinfo_fd = -1};
	snprintf(path, sizeof(path), "%s/root", process);
	f->root_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	snprintf(path, sizeof(path), "%s/mountinfo", process);
	if (f->root_fd >= 0)
		f->mountinfo_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (f->mountinfo_fd >= 0) {
		f->asker = asker_new(call, f->root_fd);
		return f->asker ? 0 : -ENOMEM;
	}

	int failed = -errno;

	proc_file_close(&f->root_fd);
	return failed;
}

void system_filesystems_open(struct system_filesystems *f, struct probe_state *state)
{
	static const char *const processes[] = {"/proc/1", "/proc/self"};
	static const char *const variants[] = {"pid 1", "self"};
	int failed = -ENOENT;

	for (size_t i = 0; i < 2 && failed; i++) {
		failed = system_filesystems_open_process(f, processes[i], asker_kernel);
		text_copy(state->variant, sizeof(state->variant), variants[i]);
	}
	state->attached = failed == 0;
	if (failed)
		snprintf(state->reason, sizeof(state->reason), "/proc/self/mountinfo: %s",
			 strerror(-failed));
}

static void free_filesystem(struct asker *asker, struct filesystem *one)
{
	if (one->asked)
		asked_drop(asker, one->asked);
	free(one->source);
	free(one->type);
	*one = (struct filesystem){0};
}

/* What is known of a mount stays as long as it is mounted: a call may be under way. */
static bool take_known(struct filesystem *list, size_t count, const struct mount *m,
		       struct filesystem *ret)
{
	for (size_t i = 0; i < count; i++) {
		const struct asked *asked = list[i].asked;

		if (!asked || asked->mount_id != m->id || list[i].device != m->device ||
		    strcmp(asked->point, m->point) != 0)
			continue;
		*ret = list[i];
		list[i] = (struct filesystem){0};
		return true;
	}
	return false;
}

static bool make_filesystem(struct asker *asker, const struct mount *m, struct filesystem *ret)
{
	*ret = (struct filesystem){
		.asked = asked_new(m->point, m->id),
		.device = m->device,
		.source = strdup(m->source),
		.type = strdup(m->type),
	};
	if (ret->asked && ret->source && ret->type)
		return true;
	free_filesystem(asker, ret);
	return false;
}

static void replace_list(struct system_filesystems *f, const struct mounts *mounts)
{
	size_t room = mounts->count < SYSTEM_MAX_FILESYSTEMS ? mounts->count
							     : SYSTEM_MAX_FILESYSTEMS;
	struct filesystem *list = calloc(room + 1, sizeof(*list));
	size_t count = 0;

	for (size_t i = 0; list && i < mounts->count && count < room; i++)
		count += take_known(f->list, f->count, &mounts->list[i], &list[count]) ||
			 make_filesystem(f->asker, &mounts->list[i], &list[count]);
	for (size_t i = 0; i < f->count; i++)
		free_filesystem(f->asker, &f->list[i]);
	if (list)
		memcpy(f->list, list, count * sizeof(*list));
	f->count = count;
	f->beyond = mounts->count - count;
	free(list);
}

/* The kernel says through poll() when the table of mounts has changed since it was asked last. */
static bool is_changed(const struct system_filesystems *f)
{
	struct pollfd mounts = {.fd = f->mountinfo_fd, .events = POLLPRI};

	return poll(&mounts, 1, 0) > 0 || !f->newest_ns;
}

static void read_mounts(struct system_filesystems *f, struct buf *buffer)
{
	struct mounts mounts;
	char *text = proc_file_read(f->mountinfo_fd, buffer);

	if (!text || mounts_parse(&mounts, text))
		return;
	replace_list(f, &mounts);
	mounts_free(&mounts);
}

void system_filesystems_ask(struct system_filesystems *f, struct buf *text)
{
	struct asked *list[SYSTEM_MAX_FILESYSTEMS];

	if (!f->asker)
		return;
	if (is_changed(f))
		read_mounts(f, text);
	for (size_t i = 0; i < f->count; i++)
		list[i] = f->list[i].asked;
	f->left_out += f->beyond;
	f->begun_ns = f->newest_ns;
	f->newest_ns = clock_boot_ns();
	asker_ask(f->asker, list, f->count);
}

/* As df does: what only root may use counts as neither free nor used. */
static void take_shares(struct series *s, const struct statvfs *about)
{
	uint64_t used = about->f_blocks - about->f_bfree;

	series_share(s, FILESYSTEM_INPUT(used_share), used, used + about->f_bavail);
	series_share(s, FILESYSTEM_INPUT(inodes_used_share), about->f_files - about->f_ffree,
		     about->f_files);
}

static void take_answer(struct series *s, const struct statvfs *about)
{
	bool read_only = about->f_flag & ST_RDONLY;
	uint64_t unit = about->f_frsize;

	series_gauge(s, FILESYSTEM_INPUT(total_bytes), about->f_blocks * unit);
	series_gauge(s, FILESYSTEM_INPUT(free_bytes), about->f_bfree * unit);
	series_gauge(s, FILESYSTEM_INPUT(available_bytes), about->f_bavail * unit);
	series_gauge(s, FILESYSTEM_INPUT(read_only), read_only);
	/* Some have no limit on inodes, or none. */
	if (about->f_files) {
		series_gauge(s, FILESYSTEM_INPUT(inodes_total), about->f_files);
		series_gauge(s, FILESYSTEM_INPUT(inodes_free), about->f_ffree);
	}
	if (!read_only)
		take_shares(s, about);
}

/* Why there are no numbers of this window; "" when there are. */
static void explain(const struct system_filesystems *f, const struct asked *a, char *text,
		    size_t size)
{
	uint64_t now = clock_boot_ns();

	text[0] = '\0';
	if (a->answered_ns && a->answered_ns >= f->begun_ns && a->error)
		snprintf(text, size, "%s", strerror(-a->error));
	else if (a->answered_ns && a->answered_ns >= f->begun_ns)
		return;
	else if (a->since_ns)
		snprintf(text, size, "did not answer in %.1f s",
			 (double)(now - a->since_ns) / NS_PER_SECOND);
	else
		snprintf(text, size, "not asked in this window: others did not answer");
}

/* Under another mount, or without any room by its nature: nothing that can fill up. */
static bool is_shown(const struct asked *a)
{
	bool answered = a->answered_ns && !a->error;

	return a->error != -EXDEV && !(answered && !a->about.f_blocks);
}

static void emit_one(const struct system_filesystems *f, const struct filesystem *one,
		     struct builder *b)
{
	struct asked asked = asker_look(f->asker, one->asked);
	struct builder_row row = {0};
	struct series series = {0};
	char reason[128];

	if (!is_shown(&asked))
		return;
	explain(f, &asked, reason, sizeof(reason));
	if (!reason[0])
		take_answer(&series, &asked.about);
	builder_label_string(b, &row, SCOPE_FILESYSTEM, LABEL_FILESYSTEM_mount_point,
			     one->asked->point);
	builder_label_string(b, &row, SCOPE_FILESYSTEM, LABEL_FILESYSTEM_device, one->source);
	builder_label_string(b, &row, SCOPE_FILESYSTEM, LABEL_FILESYSTEM_type, one->type);
	builder_label_string(b, &row, SCOPE_FILESYSTEM, LABEL_FILESYSTEM_reason, reason);
	series_derive(&series, &row, SCOPE_FILESYSTEM, 0, 1);
	builder_add(b, SCOPE_FILESYSTEM, &row);
}

void system_filesystems_emit(const struct system_filesystems *f, struct builder *b)
{
	for (size_t i = 0; i < f->count; i++)
		emit_one(f, &f->list[i], b);
}

void system_filesystems_close(struct system_filesystems *f)
{
	for (size_t i = 0; i < f->count; i++)
		free_filesystem(f->asker, &f->list[i]);
	f->count = 0;
	asker_free(f->asker);
	f->asker = NULL;
	proc_file_close(&f->mountinfo_fd);
	proc_file_close(&f->root_fd);
}
