// SPDX-License-Identifier: Apache-2.0
/* Recordings: what goes in comes out, and a time is found in them. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/recorded.h"

TEST(what_goes_in_comes_out)
{
	enum recording_result result;

	recorded_windows(3);
	recorded_finish();
	recorded_open();
	CHECK(recording.closed);
	CHECK_UINT(recording.windows, 3);
	CHECK_STRING(recording.head.node, "node");
	CHECK_UINT(recorded_read(&result), 3);
	CHECK(result == RECORDING_END);
	recording_rewind(&recording);
	CHECK_UINT(recorded_read(&result), 3);
	recording_close(&recording);
}

TEST(a_recording_of_nothing_is_one)
{
	enum recording_result result;

	recorded_windows(0);
	recorded_finish();
	CHECK_INT(recorded_count(&result), 0);
	CHECK(result == RECORDING_END);
}

TEST(only_its_owner_can_read_it)
{
	struct stat info;

	umask(0);
	recorded_windows(1);
	recorded_finish();
	CHECK_INT(stat(recorded_path, &info), 0);
	CHECK_UINT(info.st_mode & 0777, 0600);
}

TEST(what_is_there_is_not_overwritten_unless_asked)
{
	const char *name = recorded_name();
	struct stat info;

	CHECK_INT(close(open(name, O_CREAT | O_WRONLY, 0644)), 0);
	CHECK_INT(recorder_open(&recorder, name, "n", false, recorded_error, RECORDED_ERROR), -1);
	CHECK(strstr(recorded_error, "--force") && strstr(recorded_error, name));
	CHECK_INT(recorder_open(&recorder, name, "n", true, recorded_error, RECORDED_ERROR), 0);
	CHECK(stat(name, &info) == 0 && info.st_size > 0);
	CHECK_INT(unlink(name), 0);
	recorded_finish();
	CHECK_INT(recorder_open(&recorder, "/dev/null", "n", true, recorded_error, RECORDED_ERROR),
		  -1);
	CHECK(strstr(recorded_error, "no regular file"));
	CHECK_INT(recorder_open(&recorder, "/nowhere/x", "n", true, recorded_error, RECORDED_ERROR),
		  -1);
	CHECK_STRING(recorded_error, "/nowhere/x: No such file or directory");
}

/* As after SIGKILL: what was written is there, the index is not. */
TEST(a_recorder_that_is_killed_leaves_every_window)
{
	enum recording_result result;

	recorded_windows(3);
	CHECK_INT(recorded_count(&result), 3);
	CHECK(result == RECORDING_CUT);
	CHECK(strstr(recorded_error, "cut off"));
	recorded_finish();
}

TEST(what_is_no_file_is_refused_without_waiting)
{
	const char *name = recorded_name();

	CHECK_INT(mkfifo(name, 0600), 0);
	CHECK_INT(recording_open(&recording, name, recorded_error, RECORDED_ERROR), -1);
	CHECK_INT(unlink(name), 0);
	CHECK(strstr(recorded_error, "not a regular file"));
	CHECK_INT(recording_open(&recording, "/tmp", recorded_error, RECORDED_ERROR), -1);
	CHECK_STRING(recorded_error, "/tmp: not a regular file");
	CHECK_INT(recording_open(&recording, "/nowhere", recorded_error, RECORDED_ERROR), -1);
	CHECK_STRING(recorded_error, "/nowhere: No such file or directory");
	recording_close(&recording);
}

static uint64_t seek(int64_t wall_ms)
{
	const struct snapshot *s;

	if (recording_seek(&recording, wall_ms, &s, recorded_error, RECORDED_ERROR) !=
	    RECORDING_WINDOW)
		return 0;
	return s->seq;
}

static void check_seeks(uint64_t count)
{
	const struct snapshot *s;

	recorded_open();
	CHECK_UINT(seek(INT64_MIN), 1);
	CHECK_UINT(seek(RECORDED_FIRST_MS + 1000 * (int64_t)count + 1), 0);
	for (uint64_t i = 0; i < 200; i++) {
		uint64_t seq = 1 + i * 7919 % count;

		CHECK_UINT(seek(RECORDED_FIRST_MS + (int64_t)seq * 1000), seq);
		CHECK_UINT(seek(RECORDED_FIRST_MS + (int64_t)seq * 1000 - 999), seq);
	}
	CHECK_UINT(seek(RECORDED_FIRST_MS + 2000), 2);
	CHECK(recording_next(&recording, &s, recorded_error, RECORDED_ERROR) == RECORDING_WINDOW);
	CHECK_UINT(s->seq, 3);
	recording_close(&recording);
}

TEST(a_time_is_found_with_and_without_the_index)
{
	recorded_windows(100);
	check_seeks(100);
	recorded_finish();
	check_seeks(100);
}

TEST(the_index_of_a_long_recording_stays_small)
{
	recorded_windows(RECORDING_PLACES * 2 + 10);
	CHECK(recorder.place_count <= RECORDING_PLACES && recorder.stride > 1);
	recorded_finish();
	check_seeks(RECORDING_PLACES * 2 + 10);
}

/* A clock that was set back: the first window that ends at that time or later. */
TEST(a_time_is_found_when_the_clock_was_set_back)
{
	recorded_windows(0);
	recorded_append(1, RECORDED_FIRST_MS + 5000);
	recorded_append(2, RECORDED_FIRST_MS + 1000);
	recorded_append(3, RECORDED_FIRST_MS + 2000);
	recorded_append(4, RECORDED_FIRST_MS + 9000);
	recorded_finish();
	recorded_open();
	CHECK_UINT(seek(RECORDED_FIRST_MS + 1000), 1);
	CHECK_UINT(seek(RECORDED_FIRST_MS + 6000), 4);
	CHECK_UINT(seek(RECORDED_FIRST_MS + 9001), 0);
}

/* A file that may not grow is as good as a disk that is full. */
TEST(a_full_disk_leaves_whole_windows)
{
	struct rlimit limit = {5000, RLIM_INFINITY};
	struct builder_parts parts;
	enum recording_result result;
	int64_t written = 0;

	signal(SIGXFSZ, SIG_IGN);
	recorded_windows(0);
	CHECK_INT(setrlimit(RLIMIT_FSIZE, &limit), 0);
	for (;; written++) {
		recorded_build((uint64_t)written + 1, RECORDED_FIRST_MS + (written + 1) * 1000,
			       &parts);
		if (recorder_append(&recorder, parts.list, parts.count, recorded_error,
				    RECORDED_ERROR))
			break;
	}
	CHECK(written > 3);
	CHECK(strstr(recorded_error, recorder.path) && strstr(recorded_error, "File too large"));
	CHECK_INT(recorded_count(&result), written);
	CHECK(result == RECORDING_CUT);
	recorder_close(&recorder, recorded_error, RECORDED_ERROR);
	CHECK_INT(recorded_count(&result), written);
}
