// SPDX-License-Identifier: Apache-2.0
#include "collect/replay.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "snapshot/recording.h"

/* A machine that slept is not slept for: no window that this program records is longer. */
#define LONGEST_WAIT_NS (3600 * NS_PER_SECOND)

static const char source_name[] = "replay";

struct replay {
	struct recording file;
	uint32_t speed;
	bool loop;
	bool told;  /* that, and how, the file ends */
	bool ended; /* nothing comes behind the window that was given last */
	uint64_t given_count;
	uint64_t due_ns;

	/* The window that comes next, with a head of its own: the block is as it was recorded. */
	const struct snapshot *block;
	struct snapshot head;
	uint64_t seq_shift, boot_shift_ns;

	struct snapshot given_head;
	struct builder_parts given;
};

/*
 * Numbers and boot times are as recorded, but never step back: where the file
 * begins anew they go on from where they were. Who counts windows or measures
 * how long a condition held needs them so.
 */
static void go_on(struct replay *r, const struct snapshot *before)
{
	struct snapshot *head = &r->head;

	head->seq += r->seq_shift;
	if (head->seq <= before->seq) {
		r->seq_shift += before->seq + 1 - head->seq;
		head->seq = before->seq + 1;
	}
	head->start_boot_ns += r->boot_shift_ns;
	head->end_boot_ns += r->boot_shift_ns;
	if (head->start_boot_ns < before->end_boot_ns) {
		uint64_t step = before->end_boot_ns - head->start_boot_ns;

		r->boot_shift_ns += step;
		head->start_boot_ns += step;
		head->end_boot_ns += step;
	}
}

/* The strings stand last in a recorded block: the name of this source goes behind them. */
static void name_source(struct snapshot *head)
{
	if (head->bytes + sizeof(source_name) > SNAPSHOT_MAX_BYTES)
		return;
	head->source = head->strings_bytes;
	head->strings_bytes += sizeof(source_name);
	head->bytes += sizeof(source_name);
}

static void take(struct replay *r, const struct snapshot *s)
{
	r->block = s;
	r->head = *s;
	go_on(r, &r->given_head);
	name_source(&r->head);
}

static void plan(struct replay *r)
{
	uint64_t now = clock_boot_ns(), wait = r->head.end_boot_ns - r->given_head.end_boot_ns;

	if (wait > LONGEST_WAIT_NS)
		wait = LONGEST_WAIT_NS;
	if (r->speed)
		r->due_ns += wait / r->speed;
	if (!r->speed || r->due_ns < now)
		r->due_ns = now;
}

/* A recording in a loop ends again and again: that is told the first time. */
static void tell_end(struct replay *r, const char *fault)
{
	if (!r->told && *fault)
		log_warning("%s; it is replayed up to there", fault);
	if (!r->told && !r->loop)
		log_info("the recording has ended after %" PRIu64 " windows; the last one stays",
			 r->given_count);
	r->told = true;
}

static void load(struct replay *r)
{
	const struct snapshot *s;
	char fault[512] = "";
	enum recording_result result = recording_next(&r->file, &s, fault, sizeof(fault));

	if (result != RECORDING_WINDOW)
		tell_end(r, fault);
	if (result != RECORDING_WINDOW && r->loop) {
		recording_rewind(&r->file);
		result = recording_next(&r->file, &s, fault, sizeof(fault));
	}
	r->ended = result != RECORDING_WINDOW;
	if (r->ended)
		return;
	take(r, s);
	plan(r);
}

/* Head, what stands behind it in the recorded block, and the name of this source. */
static void give(struct replay *r)
{
	struct iovec *parts = r->given.list;

	r->given_head = r->head;
	parts[0] = (struct iovec){&r->given_head, sizeof(r->given_head)};
	parts[1] = (struct iovec){(void *)(r->block + 1), r->block->bytes - sizeof(*r->block)};
	parts[2] = (struct iovec){(void *)source_name, r->head.bytes - r->block->bytes};
	r->given.count = 3;
	r->given.bytes = r->head.bytes;
	r->given_count++;
}

static bool replay_next(void *context, const struct collector_agent *agent,
			struct builder_parts *ret)
{
	struct replay *r = context;

	(void)agent;
	if (!r->ended) {
		give(r);
		load(r);
	}
	*ret = r->given;
	return true;
}

static uint64_t replay_due_ns(const void *context)
{
	const struct replay *r = context;

	return r->ended ? 0 : r->due_ns;
}

static void replay_drain(void *context)
{
	(void)context;
}

static int replay_seek(void *context, int64_t wall_ms, char *error, size_t size)
{
	struct replay *r = context;
	const struct snapshot *s;
	char when[CLOCK_TEXT_LENGTH];

	snprintf(error, size, "%s: the recording ends before that time", r->file.path);
	if (recording_seek(&r->file, wall_ms, &s, error, size) != RECORDING_WINDOW)
		return -1;
	if (s->start_wall_ms > wall_ms) {
		snprintf(error, size, "%s: no window of that time; the next one begins at %s",
			 r->file.path, clock_text(s->start_wall_ms, when));
		return -1;
	}
	take(r, s);
	return 0;
}

static void replay_close(void *context)
{
	struct replay *r = context;

	recording_close(&r->file);
	free(r);
}

static int load_first(struct replay *r, char *error, size_t size)
{
	const struct snapshot *s;

	snprintf(error, size, "%s: the recording holds no window", r->file.path);
	if (recording_next(&r->file, &s, error, size) != RECORDING_WINDOW)
		return -1;
	take(r, s);
	r->due_ns = clock_boot_ns();
	return 0;
}

int replay_open(struct feed *f, const char *path, uint32_t speed, bool loop, char *error,
		size_t size)
{
	struct replay *r = calloc(1, sizeof(*r));

	if (!r) {
		snprintf(error, size, "out of memory");
		return -ENOMEM;
	}
	if (recording_open(&r->file, path, error, size) || load_first(r, error, size)) {
		replay_close(r);
		return -EINVAL;
	}
	r->speed = speed;
	r->loop = loop;
	*f = (struct feed){
		.name = source_name,
		.node = r->file.head.node,
		.interval_ms = r->head.interval_ms,
		.event_fd = -1,
		.recorded = true,
		.context = r,
		.drain = replay_drain,
		.due_ns = replay_due_ns,
		.next = replay_next,
		.seek = replay_seek,
		.close = replay_close,
	};
	return 0;
}
