// SPDX-License-Identifier: Apache-2.0
/* The feed of a recording: the windows as they were, the source named, nothing that steps back. */
#include "collect/replay.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "unit/recorded.h"

#define SECOND_NS 1000000000ULL

static struct feed feed;
static struct buf block;

static void open_replay(uint64_t windows, uint32_t speed, bool loop)
{
	log_setup("test", LOG_ERROR, false);
	recorded_windows(windows);
	recorded_finish();
	if (replay_open(&feed, recorded_path, speed, loop, recorded_error, RECORDED_ERROR))
		harness_fail(__FILE__, __LINE__, "%s", recorded_error);
}

/* The next window, checked as the server does. */
static const struct snapshot *take(void)
{
	struct builder_parts parts;
	const struct snapshot *s;
	const char *why;

	CHECK(feed.next(feed.context, &(struct collector_agent){0}, &parts));
	s = builder_join(&parts, &block);
	CHECK_UINT(parts.bytes, block.len);
	if (!snapshot_check(s, block.len, &why))
		harness_fail(__FILE__, __LINE__, "%s", why);
	CHECK_STRING(snapshot_string(s, s->source), "replay");
	return s;
}

static uint64_t pid_of(const struct snapshot *s)
{
	uint64_t pid = 0;

	CHECK(snapshot_label(snapshot_row(s, SCOPE_PROCESS, 0), SCOPE_PROCESS, LABEL_PROCESS_pid,
			     &pid));
	return pid;
}

TEST(windows_come_as_they_were_recorded)
{
	open_replay(3, 0, false);
	CHECK_STRING(feed.name, "replay");
	CHECK_STRING(feed.node, "node");
	CHECK_UINT(feed.interval_ms, 1000);
	for (uint64_t seq = 1; seq <= 3; seq++) {
		const struct snapshot *s = take();
		const struct snapshot_row *row = snapshot_row(s, SCOPE_PROCESS, 0);

		CHECK_UINT(s->seq, seq);
		CHECK_INT(s->end_wall_ms, RECORDED_FIRST_MS + (int64_t)seq * 1000);
		CHECK_UINT(s->end_boot_ns - s->start_boot_ns, SECOND_NS);
		CHECK_STRING(snapshot_string(s, s->node), "node");
		CHECK_UINT(pid_of(s), seq);
		CHECK_STRING(snapshot_label_string(s, row, SCOPE_PROCESS, LABEL_PROCESS_comm),
			     "worker");
		CHECK_REAL(snapshot_number(s, row, METRIC_PROCESS_cpu_percent, -1), 1.5, 0);
	}
	feed_close(&feed);
}

TEST(the_last_window_stays)
{
	open_replay(2, 0, false);
	take();
	CHECK(feed.due_ns(feed.context) != 0);
	take();
	CHECK_UINT(feed.due_ns(feed.context), 0);
	for (int i = 0; i < 3; i++)
		CHECK_UINT(take()->seq, 2);
	feed_close(&feed);
}

TEST(in_a_loop_numbers_and_boot_times_go_on)
{
	uint64_t seq = 0, boot_ns = 0;

	open_replay(3, 0, true);
	for (uint64_t i = 0; i < 10; i++) {
		const struct snapshot *s = take();

		CHECK_UINT(s->seq, seq + 1);
		CHECK(s->start_boot_ns >= boot_ns);
		CHECK_UINT(s->end_boot_ns - s->start_boot_ns, SECOND_NS);
		CHECK_UINT(pid_of(s), i % 3 + 1);
		seq = s->seq;
		boot_ns = s->end_boot_ns;
	}
	feed_close(&feed);
}

TEST(a_loop_of_one_window_counts_on)
{
	open_replay(1, 0, true);
	for (uint64_t i = 1; i <= 5; i++)
		CHECK_UINT(take()->seq, i);
	feed_close(&feed);
}

TEST(the_first_window_is_due_at_once_the_others_after_their_length)
{
	uint64_t now = clock_boot_ns(), first, second;

	open_replay(3, 10, false);
	first = feed.due_ns(feed.context);
	CHECK(first >= now && first <= clock_boot_ns());
	take();
	second = feed.due_ns(feed.context);
	CHECK_UINT(second - first, SECOND_NS / 10);
	take();
	CHECK_UINT(feed.due_ns(feed.context) - second, SECOND_NS / 10);
	feed_close(&feed);
}

TEST(as_fast_as_possible_is_always_due)
{
	open_replay(3, 0, false);
	for (int i = 0; i < 2; i++) {
		take();
		CHECK(feed.due_ns(feed.context) <= clock_boot_ns());
	}
	feed_close(&feed);
}

TEST(a_time_is_gone_to)
{
	open_replay(5, 0, false);
	CHECK_INT(feed.seek(feed.context, RECORDED_FIRST_MS + 2500, recorded_error, RECORDED_ERROR),
		  0);
	CHECK_UINT(take()->seq, 3);
	CHECK_UINT(take()->seq, 4);
	feed_close(&feed);
}

TEST(a_time_outside_is_told)
{
	open_replay(5, 0, false);
	CHECK_INT(feed.seek(feed.context, RECORDED_FIRST_MS - 1, recorded_error, RECORDED_ERROR),
		  -1);
	CHECK(strstr(recorded_error, "the next one begins at 2023-11-14T22:13:20.000Z"));
	CHECK_INT(feed.seek(feed.context, RECORDED_FIRST_MS + 5001, recorded_error, RECORDED_ERROR),
		  -1);
	CHECK(strstr(recorded_error, "ends before that time"));
	feed_close(&feed);
}

TEST(a_recording_without_windows_is_refused)
{
	recorded_windows(0);
	recorded_finish();
	CHECK(replay_open(&feed, recorded_path, 1, false, recorded_error, RECORDED_ERROR) < 0);
	CHECK(strstr(recorded_error, "holds no window"));
	CHECK(feed.context == NULL);
}

TEST(what_was_cut_is_replayed_up_to_there)
{
	static unsigned char bytes[RECORDED_MOST];
	size_t len;

	recorded_windows(3);
	len = recorded_bytes(bytes);
	recorded_replace(bytes, len - 1);
	log_setup("test", LOG_ERROR, false);
	CHECK_INT(replay_open(&feed, recorded_path, 0, false, recorded_error, RECORDED_ERROR), 0);
	CHECK_UINT(take()->seq, 1);
	CHECK_UINT(take()->seq, 2);
	CHECK_UINT(take()->seq, 2);
	CHECK_UINT(feed.due_ns(feed.context), 0);
	feed_close(&feed);
}
