// SPDX-License-Identifier: Apache-2.0
/* How full filesystems are, and that one that hangs holds nothing up. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/harness.h"
#include "machine/filesystems.h"

static struct system_filesystems filesystems;
static struct builder builder;
static struct buf text;
static const struct snapshot *document;

/* Calls for a place whose name begins with /hang wait for a byte of this pipe. */
static int gate[2];
static atomic_int calls, waiting, most_waiting;

static void wait_at_the_gate(void)
{
	char byte;
	int now = ++waiting, most = most_waiting;

	while (now > most && !atomic_compare_exchange_weak(&most_waiting, &most, now))
		;
	if (read(gate[0], &byte, 1) != 1)
		abort();
	waiting--;
}

static int fake_call(int root_fd, const char *point, uint64_t mount_id, struct statvfs *ret)
{
	(void)root_fd;
	(void)mount_id;
	if (strncmp(point, "/hang", 5) == 0) {
		calls++;
		wait_at_the_gate();
	}
	if (strcmp(point, "/forbidden") == 0)
		return -EACCES;
	if (strcmp(point, "/hidden") == 0)
		return -EXDEV;
	*ret = (struct statvfs){
		.f_frsize = 4096, .f_blocks = 1000, .f_bfree = 500, .f_bavail = 250};
	if (strcmp(point, "/empty") == 0)
		ret->f_blocks = 0;
	return 0;
}

static void open_fake(const char *mountinfo)
{
	CHECK_INT(system_filesystems_open_process(&filesystems, "/proc/self", fake_call), 0);
	CHECK(pipe(gate) == 0);
	close(filesystems.mountinfo_fd);
	filesystems.mountinfo_fd = memfd_create("mountinfo", MFD_CLOEXEC);
	CHECK(write(filesystems.mountinfo_fd, mountinfo, strlen(mountinfo)) > 0);
}

/* A window: asks, and shows. */
static void window(void)
{
	const char *why;

	system_filesystems_ask(&filesystems, &text);
	builder_begin(&builder);
	system_filesystems_emit(&filesystems, &builder);
	document = builder_finish(&builder);
	CHECK(document && snapshot_check(document, document->bytes, &why));
}

static const struct snapshot_row *row_of(const char *point)
{
	for (size_t i = 0; i < snapshot_rows(document, SCOPE_FILESYSTEM); i++) {
		const struct snapshot_row *row = snapshot_row(document, SCOPE_FILESYSTEM, i);

		if (strcmp(snapshot_label_string(document, row, SCOPE_FILESYSTEM,
						 LABEL_FILESYSTEM_mount_point),
			   point) == 0)
			return row;
	}
	return NULL;
}

static const char *reason_of(const char *point)
{
	const struct snapshot_row *row = row_of(point);

	CHECK(row != NULL);
	return snapshot_label_string(document, row, SCOPE_FILESYSTEM, LABEL_FILESYSTEM_reason);
}

static bool known(const char *point, enum metric metric, double *ret)
{
	const struct snapshot_row *row = row_of(point);
	union snapshot_value v;

	if (!row || !snapshot_value(document, row, metric, &v))
		return false;
	*ret = catalogue_metrics[metric].real ? v.real : (double)v.integer;
	return true;
}

static double value(const char *point, enum metric metric)
{
	double number = 0;

	if (!known(point, metric, &number))
		harness_fail(__FILE__, __LINE__, "no %s of %s", catalogue_metrics[metric].path,
			     point);
	return number;
}

static bool is_known(const char *point, enum metric metric)
{
	double number;

	return known(point, metric, &number);
}

static bool has_numbers(const char *point)
{
	return is_known(point, METRIC_FILESYSTEM_total);
}

TEST(shares_are_those_of_df)
{
	open_fake("1 0 8:1 / /data rw - ext4 /dev/sda1 rw\n");
	window();
	CHECK_REAL(value("/data", METRIC_FILESYSTEM_total), 1000 * 4096, 0);
	CHECK_REAL(value("/data", METRIC_FILESYSTEM_free), 500 * 4096, 0);
	CHECK_REAL(value("/data", METRIC_FILESYSTEM_available), 250 * 4096, 0);
	CHECK_REAL(value("/data", METRIC_FILESYSTEM_used_percent), 66.667, 1e-9);
	CHECK_STRING(reason_of("/data"), "");
	system_filesystems_close(&filesystems);
}

TEST(what_cannot_be_read_has_a_reason_and_no_numbers)
{
	open_fake("1 0 8:1 / /forbidden rw - ext4 /dev/sda1 rw\n"
		  "2 0 8:2 / /hidden rw - ext4 /dev/sda2 rw\n"
		  "3 0 8:3 / /empty rw - ext4 /dev/sda3 rw\n");
	window();
	CHECK_UINT(snapshot_rows(document, SCOPE_FILESYSTEM), 1);
	CHECK_STRING(reason_of("/forbidden"), strerror(EACCES));
	CHECK(!has_numbers("/forbidden"));
	system_filesystems_close(&filesystems);
}

TEST(one_that_hangs_holds_nothing_up)
{
	open_fake("1 0 8:1 / /a rw - ext4 /dev/sda1 rw\n"
		  "2 0 0:50 / /hang rw - nfs4 server:/export rw\n"
		  "3 0 8:2 / /b rw - ext4 /dev/sda2 rw\n");
	for (int i = 0; i < 5; i++) {
		window();
		CHECK(has_numbers("/a") && has_numbers("/b"));
		CHECK(strncmp(reason_of("/hang"), "did not answer in ", 18) == 0);
		CHECK(!has_numbers("/hang"));
		CHECK_INT(calls, 1);
	}
	/* It comes back: shown again, asked again. */
	CHECK(write(gate[1], "xx", 2) == 2);
	while (!has_numbers("/hang"))
		window();
	CHECK_STRING(reason_of("/hang"), "");
	while (calls < 2)
		window();
	CHECK(has_numbers("/a") && has_numbers("/b"));
	system_filesystems_close(&filesystems);
}

static void open_hanging(int count)
{
	char *mountinfo = NULL;
	size_t size;
	FILE *f = open_memstream(&mountinfo, &size);

	for (int i = 0; i < count; i++)
		fprintf(f, "%d 0 0:%d / /hang%d rw - nfs4 server:/%d rw\n", i + 1, i + 1, i, i);
	CHECK(fclose(f) == 0);
	open_fake(mountinfo);
	free(mountinfo);
}

static size_t rows_with_numbers(void)
{
	size_t count = 0;

	for (size_t i = 0; i < snapshot_rows(document, SCOPE_FILESYSTEM); i++) {
		const struct snapshot_row *row = snapshot_row(document, SCOPE_FILESYSTEM, i);
		union snapshot_value v;

		count += snapshot_value(document, row, METRIC_FILESYSTEM_total, &v);
	}
	return count;
}

TEST_TIMEOUT(threads_that_wait_are_bounded, 60)
{
	enum { HANGING = ASKER_MAX_THREADS + 14 };
	size_t unasked = 0;

	open_hanging(HANGING);
	for (int i = 0; i < ASKER_MAX_THREADS; i++)
		window();
	CHECK_UINT(snapshot_rows(document, SCOPE_FILESYSTEM), HANGING);
	CHECK_INT(calls, ASKER_MAX_THREADS);
	CHECK_INT(most_waiting, ASKER_MAX_THREADS);
	for (int i = 0; i < HANGING; i++) {
		char point[24];

		snprintf(point, sizeof(point), "/hang%d", i);
		unasked += strncmp(reason_of(point), "not asked", 9) == 0;
	}
	CHECK_UINT(unasked, HANGING - ASKER_MAX_THREADS);
	system_filesystems_close(&filesystems);
}

TEST_TIMEOUT(all_that_hung_come_back, 60)
{
	enum { HANGING = 20 };
	char bytes[1000] = {0};

	open_hanging(HANGING);
	for (int i = 0; i < ASKER_MAX_THREADS; i++)
		window();
	CHECK_UINT(rows_with_numbers(), 0);
	CHECK(write(gate[1], bytes, sizeof(bytes)) == sizeof(bytes));
	do
		window();
	while (rows_with_numbers() < HANGING);
	CHECK_INT(waiting, 0);
	system_filesystems_close(&filesystems);
}

/* Mounts that nobody else sees, and that are gone with the test. */
static void make_room(char *folder)
{
	if (geteuid() != 0 || unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		SKIP("needs root, and mounts of its own");
	CHECK(mkdtemp(folder) != NULL);
	CHECK(mount("probecast", folder, "tmpfs", 0, "size=1m,nr_inodes=100") == 0);
}

static void write_file(const char *folder, const char *name, size_t bytes)
{
	char path[128], block[4096] = {0};

	snprintf(path, sizeof(path), "%s/%s", folder, name);

	FILE *f = fopen(path, "we");

	CHECK(f != NULL);
	for (size_t done = 0; done < bytes; done += sizeof(block))
		CHECK(fwrite(block, sizeof(block), 1, f) == 1);
	CHECK(fclose(f) == 0);
}

TEST(a_filesystem_of_known_size_is_told_exactly)
{
	char folder[] = "/tmp/probecast-mount-XXXXXX";

	make_room(folder);
	write_file(folder, "file", 256 << 10);
	CHECK_INT(system_filesystems_open_process(&filesystems, "/proc/self", asker_kernel), 0);
	window();
	CHECK_REAL(value(folder, METRIC_FILESYSTEM_total), 1 << 20, 0);
	CHECK_REAL(value(folder, METRIC_FILESYSTEM_free), 768 << 10, 0);
	CHECK_REAL(value(folder, METRIC_FILESYSTEM_used_percent), 25, 1e-9);
	CHECK_REAL(value(folder, METRIC_FILESYSTEM_inodes_total), 100, 0);
	CHECK_REAL(value(folder, METRIC_FILESYSTEM_inodes_free), 98, 0);
	CHECK_REAL(value(folder, METRIC_FILESYSTEM_read_only), 0, 0);
	CHECK(mount(NULL, folder, NULL, MS_REMOUNT | MS_RDONLY, "size=1m") == 0);
	window();
	CHECK_REAL(value(folder, METRIC_FILESYSTEM_read_only), 1, 0);
	CHECK_REAL(value(folder, METRIC_FILESYSTEM_free), 768 << 10, 0);
	CHECK(!is_known(folder, METRIC_FILESYSTEM_used_percent));
	CHECK(umount(folder) == 0);
	window();
	CHECK(row_of(folder) == NULL);
	rmdir(folder);
	system_filesystems_close(&filesystems);
}

TEST(mounts_that_come_are_seen_whatever_their_names)
{
	char folder[] = "/tmp/probecast-mount-XXXXXX", odd[96], cover[128];

	make_room(folder);
	CHECK_INT(system_filesystems_open_process(&filesystems, "/proc/self", asker_kernel), 0);
	window();
	snprintf(odd, sizeof(odd), "%s/a b\\\"\n<i>", folder);
	CHECK(mkdir(odd, 0700) == 0 && mount("a b", odd, "tmpfs", 0, "size=64k") == 0);
	window();
	CHECK_REAL(value(odd, METRIC_FILESYSTEM_total), 64 << 10, 0);
	/* A mount under a directory that another one covers answers for that one, if it is asked.
	 */
	snprintf(cover, sizeof(cover), "%s/covered", odd);
	CHECK(mkdir(cover, 0700) == 0 && mount("x", cover, "tmpfs", 0, "size=128k") == 0);
	CHECK(mount("y", odd, "tmpfs", 0, "size=32k") == 0 && mkdir(cover, 0700) == 0);
	window();
	CHECK_REAL(value(odd, METRIC_FILESYSTEM_total), 32 << 10, 0);
	CHECK(row_of(cover) == NULL);
	CHECK(umount(odd) == 0 && umount(cover) == 0 && umount(odd) == 0 && umount(folder) == 0);
	rmdir(folder);
	system_filesystems_close(&filesystems);
}

/* FUSE whose server never says a word; when the server dies, the call returns. */
TEST(a_mount_whose_server_is_silent_holds_nothing_up)
{
	char folder[] = "/tmp/probecast-mount-XXXXXX", silent[64], options[96];
	int server = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	make_room(folder);
	snprintf(silent, sizeof(silent), "%s/silent", folder);
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", server);
	CHECK(mkdir(silent, 0700) == 0);
	if (server < 0 || mount("silent", silent, "fuse", 0, options))
		SKIP("no FUSE here");
	CHECK_INT(system_filesystems_open_process(&filesystems, "/proc/self", asker_kernel), 0);
	for (int i = 0; i < 3; i++) {
		window();
		CHECK(strncmp(reason_of(silent), "did not answer in ", 18) == 0);
		CHECK(has_numbers(folder));
	}
	close(server);
	while (strncmp(reason_of(silent), "did not answer", 14) == 0)
		window();
	CHECK_STRING(reason_of(silent), strerror(ENOTCONN));
	CHECK(umount(silent) == 0 && umount(folder) == 0);
	rmdir(folder);
	system_filesystems_close(&filesystems);
}
