// SPDX-License-Identifier: Apache-2.0
/* The machine's numbers during known work. */
#include <dirent.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/harness.h"
#include "probes/agent.h"
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
	CHECK_REAL(number_at(disk, "writes"), 2000, 20);
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

/* A line of /proc/meminfo in bytes. */
static double kernel_says(const char *name)
{
	char line[128];
	FILE *f = fopen("/proc/meminfo", "re");
	double kib = -1;

	CHECK(f != NULL);
	while (kib < 0 && fgets(line, sizeof(line), f))
		if (strncmp(line, name, strlen(name)) == 0)
			kib = strtod(line + strlen(name), NULL);
	fclose(f);
	CHECK(kib >= 0);
	return kib * 1024;
}

#define HELD_BYTES (64 << 20)

TEST(memory_is_what_the_kernel_says)
{
	double before = kernel_says("Shmem:");
	int fd = memfd_create("held", MFD_CLOEXEC);

	CHECK(fd >= 0 && fallocate(fd, 0, 0, HELD_BYTES) == 0);
	once_start_from(&once, "auto", 1000);

	json_t *document = once_document(&once);
	json_t *memory = json_object_get(json_object_get(document, "system"), "memory");
	double total = kernel_says("MemTotal:");

	CHECK_REAL(number_at(memory, "total_bytes"), total, 0);
	CHECK_REAL(number_at(memory, "swap_total_bytes"), kernel_says("SwapTotal:"), 0);
	CHECK_REAL(number_at(memory, "shared_bytes"), before + HELD_BYTES, HELD_BYTES / 4);
	CHECK_REAL(number_at(memory, "used_percent"), number_at(memory, "used_bytes") / total * 100,
		   0.001);
	CHECK_REAL(number_at(memory, "used_percent") + number_at(memory, "available_percent"), 100,
		   0.002);
}

/*
 * Goes on as the first process of a machine of its own, as far as processes and mounts go: the
 * agent looks at the mounts of the first process where it may.
 */
static void own_machine(void)
{
	int status = 1;

	if (geteuid() != 0 || unshare(CLONE_NEWNS | CLONE_NEWPID))
		SKIP("needs root, and mounts of its own");

	pid_t first = fork();

	CHECK(first >= 0);
	if (first) {
		waitpid(first, &status, 0);
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
	}
	CHECK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	CHECK(mount("proc", "/proc", "proc", 0, NULL) == 0);
}

/* A mount that never answers, as long as the descriptor is open that this returns. */
static int mount_silent(char *folder)
{
	char options[96];
	int server = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	own_machine();
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", server);
	CHECK(mkdtemp(folder) != NULL);
	if (server >= 0 && mount("silent", folder, "fuse", 0, options) == 0)
		return server;
	rmdir(folder);
	SKIP("no FUSE here");
}

static void remove_silent(const char *folder)
{
	CHECK(umount2(folder, MNT_DETACH) == 0);
	rmdir(folder);
}

TEST(windows_go_on_beside_a_mount_that_hangs)
{
	char folder[] = "/tmp/probecast-hang-XXXXXX";

	mount_silent(folder);
	once_start_from(&once, "auto", 1000);

	json_t *document = once_document(&once);
	json_t *silent = labelled(document, "filesystems", "mount_point", folder);
	json_t *root = labelled(document, "filesystems", "mount_point", "/");
	const char *reason = json_string_value(json_object_get(silent, "reason"));

	remove_silent(folder);
	CHECK(reason && strncmp(reason, "did not answer in ", 18) == 0);
	CHECK_STRING(json_string_value(json_object_get(silent, "type")), "fuse");
	CHECK(!json_object_get(silent, "total_bytes"));
	CHECK(number_at(root, "total_bytes") > 0);
}

/* The line of /proc/PID/task/TID/status, or "". */
static void read_capabilities(pid_t pid, const char *tid, char *line, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%.16s/status", pid, tid);

	FILE *f = fopen(path, "re");

	while (f && fgets(line, (int)size, f) && strncmp(line, "CapPrm:", 7) != 0)
		;
	line[f && strncmp(line, "CapPrm:", 7) == 0 ? strcspn(line, "\n") : 0] = '\0';
	if (f)
		fclose(f);
}

/* How many threads; each may have no more than the collector itself. */
static size_t check_threads(pid_t collector)
{
	char path[32], line[128];
	struct dirent *entry;
	size_t count = 0;

	snprintf(path, sizeof(path), "/proc/%d/task", collector);

	DIR *tasks = opendir(path);

	CHECK(tasks != NULL);
	while ((entry = readdir(tasks))) {
		if (entry->d_name[0] == '.')
			continue;
		read_capabilities(collector, entry->d_name, line, sizeof(line));
		CHECK(!line[0] || strcmp(line, "CapPrm:\t00000000000001e0") == 0);
		count += line[0] != '\0';
	}
	closedir(tasks);
	return count;
}

TEST(a_thread_that_waits_for_a_mount_has_no_privileges)
{
	static struct test_agent agent;
	char folder[] = "/tmp/probecast-hang-XXXXXX";
	const struct timespec pause = {.tv_nsec = 20000000};
	int server = mount_silent(folder);

	test_agent_start(&agent, "auto");
	CHECK(test_agent_healthy(&agent, 5000));
	while (check_threads(agent.collector) < 2)
		nanosleep(&pause, NULL);
	/* The server dies, the call returns, the thread ends. */
	close(server);
	remove_silent(folder);
	CHECK(test_agent_healthy(&agent, 5000));
	CHECK_INT(test_agent_stop(&agent), 0);
}
