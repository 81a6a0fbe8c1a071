// SPDX-License-Identifier: Apache-2.0
/* The machine's numbers during known work. */
#include <fcntl.h>
#include <linux/loop.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "harness/harness.h"
#include "probes/once.h"

#define WINDOW_MS 3500

static struct background once, work;

/* A block device of the test's own on a file without a name; it goes when the test ends. */
static void make_loop(char *path, size_t size, off_t bytes)
{
	char backing[64] = "/tmp/probecast-loop-XXXXXX";
	struct loop_config config = {.info.lo_flags = LO_FLAGS_AUTOCLEAR};
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	int number = control < 0 ? -1 : ioctl(control, LOOP_CTL_GET_FREE);
	int file = mkstemp(backing);

	CHECK(file >= 0 && unlink(backing) == 0 && ftruncate(file, bytes) == 0);
	if (number < 0)
		SKIP("no loop devices here");
	snprintf(path, size, "/dev/loop%d", number);

	int loop = open(path, O_RDWR);

	config.fd = (__u32)file;
	if (loop < 0 || ioctl(loop, LOOP_CONFIGURE, &config))
		SKIP("%s cannot be set up", path);
	close(control);
}

static json_t *labelled(json_t *document, const char *list, const char *label, const char *name)
{
	json_t *row;
	size_t i;

	json_array_foreach (json_object_get(json_object_get(document, "system"), list), i, row)
		if (strcmp(json_string_value(json_object_get(row, label)), name) == 0)
			return row;
	harness_fail(__FILE__, __LINE__, "no %s in %s", name, list);
}

/* What the device needed is less than what the writer waited, request by request. */
static void check_not_above(json_t *disk, const char *path, json_t *truth, const char *name)
{
	double actual = number_at(disk, path), most = number_at(truth, name);

	printf("%s: %.9f, the writer waited %.9f\n", path, actual, most);
	fflush(stdout);
	CHECK(actual > 0);
	CHECK(actual <= most * (1 + 1 / 32.0) + 256e-9);
}

static json_t *write_to_loop(const char *source, json_t **ret_disk)
{
	char path[32];

	if (geteuid() != 0)
		SKIP("needs root");
	make_loop(path, sizeof(path), 16 << 20);
	once_start_from(&once, source, WINDOW_MS);
	work_start(&work, (const char *const[]){"requests", path, "2000", "4096", NULL});

	json_t *lines = work_finish(&work), *document = once_document(&once);
	json_t *truth = work_of(lines, "requests"),
	       *disk = labelled(document, "disks", "name", path + 5);

	check_inside(document, lines);
	if (strcmp(source, "procfs") != 0)
		need_probe(document, "block");
	CHECK_REAL(number_at(disk, "writes"), 2000, 0);
	CHECK_REAL(number_at(disk, "write_bytes"), 2000 * 4096, 0);
	CHECK_REAL(number_at(disk, "reads"), 0, 0);

	/* The mean queue times the window: the kernel's own sum, by a clock read a little later. */
	double sum = number_at(disk, "queue_depth") * window_seconds(document);
	double mean = number_at(disk, "latency_mean_seconds");

	printf("%.6f s in all, by the kernel %.6f s\n", mean * 2000, sum);
	fflush(stdout);
	CHECK(mean * 2000 <= sum * 1.03 + .003 && mean * 2000 >= sum / 10);
	CHECK(number_at(disk, "utilisation_percent") > 0);
	CHECK(number_at(disk, "utilisation_percent") <= 101);
	*ret_disk = disk;
	return truth;
}

TEST(requests_of_a_disk_are_counted_and_timed)
{
	json_t *disk, *truth = write_to_loop("auto", &disk);

	check_not_above(disk, "latency_mean_seconds", truth, "mean");
	check_not_above(disk, "latency_p50_seconds", truth, "p50");
	check_not_above(disk, "latency_p95_seconds", truth, "p95");
	check_not_above(disk, "latency_p99_seconds", truth, "p99");
	CHECK(number_at(disk, "latency_p50_seconds") <= number_at(disk, "latency_p95_seconds"));
	CHECK(number_at(disk, "latency_p95_seconds") <= number_at(disk, "latency_p99_seconds"));
}

TEST(without_bpf_disks_have_all_but_percentiles)
{
	json_t *disk;

	write_to_loop("procfs", &disk);
	CHECK(!json_object_get(disk, "latency_p50_seconds"));
	CHECK(!json_object_get(disk, "latency_p99_seconds"));
}

/* The kernel counts both in ticks, the machine's as the sum over its cores. */
TEST(the_cores_add_up_to_the_machine)
{
	static const char *const parts[] = {"user", "system", "iowait", "irq", "softirq", "steal"};
	cpu_set_t first;
	size_t i;
	json_t *core;

	CPU_ZERO(&first);
	CPU_SET(0, &first);
	once_start_from(&once, "auto", WINDOW_MS);
	if (sched_setaffinity(0, sizeof(first), &first))
		SKIP("no CPU 0 for this process");
	work_start(&work, (const char *const[]){"cpu", "1", NULL});

	json_t *lines = work_finish(&work), *document = once_document(&once);
	json_t *machine = json_object_get(json_object_get(document, "system"), "cpu");
	json_t *cores = json_object_get(machine, "cores");
	double tick = 100 / (window_seconds(document) * (double)sysconf(_SC_CLK_TCK));

	check_inside(document, lines);
	CHECK_UINT(json_array_size(cores), number_at(machine, "count"));
	for (size_t part = 0; part < sizeof(parts) / sizeof(*parts); part++) {
		double sum = 0;

		json_array_foreach (cores, i, core)
			sum += number_at(core, parts[part]);
		CHECK_REAL(sum, number_at(machine, parts[part]) * (double)i, tick * (double)i);
	}

	double burnt = number_at(work_of(lines, "cpu"), "cpu_seconds");

	CHECK(number_at(json_array_get(cores, 0), "percent") >=
	      burnt / window_seconds(document) * 100 - 5 * tick);
}

/* Mounts of the test's own: where the agent sees those of the first process it cannot see them. */
static void need_own_mounts(json_t *document)
{
	const char *from = json_string_value(json_object_get(
		json_object_get(json_object_get(document, "agent"), "probes"), "mounts"));

	CHECK(from != NULL);
	if (strcmp(from, "/proc/self") != 0)
		SKIP("the agent sees the mounts of %s", from);
}

TEST(windows_go_on_beside_a_mount_that_hangs)
{
	char folder[] = "/tmp/probecast-hang-XXXXXX", options[96];
	int server = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	if (geteuid() != 0 || unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		SKIP("needs root, and mounts of its own");
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", server);
	CHECK(mkdtemp(folder) != NULL);
	if (server < 0 || mount("silent", folder, "fuse", 0, options))
		SKIP("no FUSE here");
	once_start_from(&once, "auto", 1000);

	json_t *document = once_document(&once);

	umount2(folder, MNT_DETACH);
	rmdir(folder);
	need_own_mounts(document);

	json_t *silent = labelled(document, "filesystems", "mount_point", folder);
	json_t *root = labelled(document, "filesystems", "mount_point", "/");
	const char *reason = json_string_value(json_object_get(silent, "reason"));

	CHECK(reason && strncmp(reason, "did not answer in ", 18) == 0);
	CHECK_STRING(json_string_value(json_object_get(silent, "type")), "fuse");
	CHECK(!json_object_get(silent, "total_bytes"));
	CHECK(number_at(root, "total_bytes") > 0);
	CHECK(window_seconds(document) < 15);
}
