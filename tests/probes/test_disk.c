// SPDX-License-Identifier: Apache-2.0
/* Files of known size: what a process has caused the device to read and to write. */
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "harness/harness.h"
#include "probes/once.h"

#define WINDOW_MS 4000
#define TIMEOUT_S 40
#define BYTES "33554432"

static struct background once, work;

#define WORK(...) work_start(&work, (const char *const[]){__VA_ARGS__, NULL})

/* One window with one worker on the file; returns its row. The file goes. */
static json_t *observe(const char *const arguments[], const char *path, json_t **ret_truth)
{
	once_start(&once, WINDOW_MS);
	work_start(&work, arguments);

	json_t *lines = work_finish(&work);

	unlink(path);

	json_t *document = once_whole(&once);

	check_inside(document, lines);
	*ret_truth = work_of(lines, arguments[0]);

	json_t *row = process_row(document, *ret_truth);

	CHECK(json_is_true(json_object_get(row, "exited")));
	return row;
}

static void make_full_file(char *path, size_t size)
{
	make_file(path, size);
	WORK("buffered-write", path, BYTES);
	work_finish(&work);
}

/* The program's own pages and libraries come from the cache, or are a few. */
static void check_read(const char *kind, bool by_call)
{
	char path[PATH_MAX];
	json_t *truth;

	make_full_file(path, sizeof(path));

	json_t *row = observe((const char *const[]){kind, path, NULL}, path, &truth);
	double bytes = number_at(truth, "read_bytes");

	check_close(row, "disk.read_bytes", bytes);
	CHECK_REAL(number_at(row, "disk.write_bytes"), 0, 65536);
	if (by_call)
		check_close(row, "disk.syscall_read_bytes", bytes);
	else
		CHECK_REAL(number_at(row, "disk.syscall_read_bytes"), 0, 65536);
}

TEST_TIMEOUT(bytes_read_through_the_page_cache, TIMEOUT_S)
{
	check_read("buffered-read", true);
}

TEST_TIMEOUT(bytes_read_past_the_page_cache, TIMEOUT_S)
{
	check_read("direct-read", true);
}

TEST_TIMEOUT(bytes_read_by_page_faults, TIMEOUT_S)
{
	check_read("mapped-read", false);
}

TEST_TIMEOUT(bytes_written_through_a_mapping, TIMEOUT_S)
{
	char path[PATH_MAX];
	json_t *truth;

	make_file(path, sizeof(path));

	json_t *row =
		observe((const char *const[]){"mapped-write", path, BYTES, NULL}, path, &truth);

	check_close(row, "disk.write_bytes", number_at(truth, "write_bytes"));
	CHECK_REAL(number_at(row, "disk.syscall_write_bytes"), 0, 65536);
	CHECK_REAL(number_at(row, "disk.cancelled_write_bytes"), 0, 0);
}

/* Charged when the pages became dirty; that they never reached the device is told apart. */
static void check_cancelled(const char *kind)
{
	char path[PATH_MAX];
	json_t *truth;

	make_file(path, sizeof(path));

	json_t *row = observe((const char *const[]){kind, path, BYTES, NULL}, path, &truth);
	double bytes = number_at(truth, "write_bytes");

	check_close(row, "disk.write_bytes", bytes);
	check_close(row, "disk.syscall_write_bytes", bytes);
	check_close(row, "disk.cancelled_write_bytes", bytes);
}

TEST_TIMEOUT(bytes_written_to_a_file_that_was_removed, TIMEOUT_S)
{
	check_cancelled("unlinked-write");
}

TEST_TIMEOUT(bytes_written_to_a_file_that_goes_with_its_process, TIMEOUT_S)
{
	check_cancelled("abandoned-write");
}

/* Many at once, each gone long before the window ends. */
TEST_TIMEOUT(every_short_process_has_its_own_bytes, TIMEOUT_S)
{
	json_t *lines[10];
	char path[PATH_MAX];

	make_full_file(path, sizeof(path));
	once_start(&once, WINDOW_MS);
	for (size_t i = 0; i < 10; i++) {
		WORK(i % 2 ? "direct-write" : "direct-read", path, i % 2 ? "4194304" : NULL);
		lines[i] = work_finish(&work);
	}
	unlink(path);

	json_t *document = once_whole(&once);

	for (size_t i = 0; i < 10; i++) {
		json_t *truth = work_of(lines[i], i % 2 ? "direct-write" : "direct-read");
		json_t *row = process_row(document, truth);
		const char *name = i % 2 ? "write_bytes" : "read_bytes";
		char metric[32];

		check_inside(document, lines[i]);
		snprintf(metric, sizeof(metric), "disk.%s", name);
		check_close(row, metric, number_at(truth, name));
	}
}
