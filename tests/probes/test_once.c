// SPDX-License-Identifier: Apache-2.0
/*
 * `probecast once --json` during known work: every number within 1 % of what the
 * kernel told the worker itself, short processes included.
 */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "harness/harness.h"
#include "probes/once.h"

#define WINDOW_MS 3500

static struct background once, work;

#define WORK(...) work_start(&work, (const char *const[]){__VA_ARGS__, NULL})

static bool is_exited(json_t *row)
{
	json_t *exited = json_object_get(row, "exited");

	CHECK(json_is_boolean(exited));
	return json_is_true(exited);
}

/* Children of the process: how many rows, and the sum of their CPU time. */
static size_t sum_children(json_t *document, json_t *parent, double *ret_seconds)
{
	json_int_t pid = json_integer_value(json_object_get(parent, "pid"));
	json_t *row;
	size_t i, count = 0;

	*ret_seconds = 0;
	json_array_foreach (json_object_get(document, "processes"), i, row) {
		if (json_integer_value(json_object_get(row, "ppid")) != pid)
			continue;
		CHECK(is_exited(row));
		CHECK_INT(number_at(row, "exit_code"), 0);
		*ret_seconds += number_at(row, "cpu.seconds");
		count++;
	}
	return count;
}

static void check_short_processes(const char *kind, const char *count)
{
	double seconds;

	once_start(&once, 5000);
	WORK(kind, count, "2");

	json_t *lines = work_finish(&work), *document = once_finish(&once);
	json_t *spawn = work_of(lines, "spawn");

	check_inside(document, lines);
	need_probe(document, "life");
	CHECK_UINT(sum_children(document, spawn, &seconds), strtoul(count, NULL, 10));

	double truth = number_at(spawn, "children_cpu_seconds");

	printf("CPU of %s short processes: %.6f s, truth %.6f s, %+.3f %%\n", count, seconds, truth,
	       (seconds - truth) / truth * 100);
	fflush(stdout);
	CHECK_REAL(seconds, truth, truth * 0.01);
	CHECK(number_at(document, "totals.started") >= strtod(count, NULL));
	CHECK(number_at(document, "totals.exited") >= strtod(count, NULL));
	CHECK_INT(number_at(document, "losses.ring_dropped"), 0);
	CHECK_INT(number_at(document, "losses.exits_missed"), 0);
}

TEST(every_one_of_500_short_processes_is_seen_with_its_cpu)
{
	check_short_processes("spawn", "500");
}

TEST(short_programs_are_seen_with_the_cpu_of_fork_exec_and_exit)
{
	check_short_processes("spawn-exec", "200");
}

TEST(a_process_that_is_born_and_ends_inside_the_window)
{
	once_start(&once, WINDOW_MS);
	WORK("cpu", "0.5");

	json_t *lines = work_finish(&work), *document = once_finish(&once);
	json_t *truth = work_of(lines, "cpu"), *row = process_row(document, truth);

	check_inside(document, lines);
	CHECK(is_exited(row));
	CHECK_INT(number_at(row, "exit_code"), 0);
	CHECK_STRING(json_string_value(json_object_get(row, "comm")), "work");
	CHECK_STRING(basename(json_string_value(json_object_get(row, "exe"))), "work");
	CHECK_INT(number_at(row, "ppid"), getpid());
	check_close(row, "cpu.seconds", number_at(truth, "cpu_seconds"));
	check_close(row, "cpu.seconds_total", number_at(truth, "cpu_seconds"));
}

TEST(a_process_that_is_born_inside_and_lives_on)
{
	once_start(&once, WINDOW_MS);
	WORK("linger", "9000", "cpu", "0.5");

	json_t *lines = work_lines(&work, 1), *document = once_finish(&once);
	json_t *truth = work_of(lines, "cpu"), *row = process_row(document, truth);

	check_inside(document, lines);
	CHECK(!is_exited(row));
	CHECK(json_object_get(row, "exit_code") == NULL);
	check_close(row, "cpu.seconds", number_at(truth, "cpu_seconds"));
}

static void sleep_ms(long ms)
{
	nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000L}, NULL);
}

TEST(a_process_older_than_the_window_that_ends_inside)
{
	WORK("delay", "1500", "cpu", "0.5");
	sleep_ms(200);
	once_start(&once, WINDOW_MS);

	json_t *lines = work_finish(&work), *document = once_finish(&once);
	json_t *truth = work_of(lines, "cpu"), *row = process_row(document, truth);

	check_inside(document, lines);
	CHECK(is_exited(row));
	check_close(row, "cpu.seconds", number_at(truth, "cpu_seconds"));
}

TEST(a_process_that_lives_across_the_whole_window)
{
	WORK("delay", "1500", "linger", "9000", "cpu", "0.5");
	sleep_ms(200);
	once_start(&once, WINDOW_MS);

	json_t *lines = work_lines(&work, 1), *document = once_finish(&once);
	json_t *truth = work_of(lines, "cpu"), *row = process_row(document, truth);

	check_inside(document, lines);
	CHECK(!is_exited(row));
	CHECK_INT(number_at(row, "threads"), 1);
	check_close(row, "cpu.seconds", number_at(truth, "cpu_seconds"));
}

TEST(what_ended_a_process_is_told)
{
	once_start(&once, WINDOW_MS);
	WORK("linger", "60000", "cpu", "0.01");

	json_t *lines = work_lines(&work, 1);

	CHECK(kill(work.pid, SIGKILL) == 0);

	json_t *document = once_finish(&once), *row = process_row(document, work_of(lines, "cpu"));

	CHECK(is_exited(row));
	CHECK_INT(number_at(row, "exit_signal"), SIGKILL);
	CHECK(json_object_get(row, "exit_code") == NULL);
}

TEST(threads_that_ended_before_their_process_count)
{
	once_start(&once, WINDOW_MS);
	WORK("threads", "4", "0.2");

	json_t *lines = work_finish(&work), *document = once_finish(&once);
	json_t *truth = work_of(lines, "threads"), *row = process_row(document, truth);

	check_inside(document, lines);
	check_close(row, "cpu.seconds", number_at(truth, "cpu_seconds"));
}

TEST(memory_is_that_of_the_process)
{
	once_start(&once, WINDOW_MS);
	WORK("linger", "9000", "memory", "268435456");

	json_t *lines = work_lines(&work, 1), *document = once_finish(&once);
	json_t *truth = work_of(lines, "memory"), *row = process_row(document, truth);

	check_inside(document, lines);
	check_close(row, "memory.anonymous_bytes", number_at(truth, "bytes"));
	check_close(row, "memory.peak_rss_bytes", number_at(row, "memory.rss_bytes"));
	CHECK(number_at(row, "memory.minor_faults") > 0);
}

/* The rates are those amounts over the length of the window. */
static void check_traffic(json_t *document, json_t *truth, const char *protocol)
{
	json_t *row = process_row(document, truth);
	double seconds = window_seconds(document);
	char rx[64], tx[64];

	snprintf(rx, sizeof(rx), "network.%s.rx_bytes", protocol);
	snprintf(tx, sizeof(tx), "network.%s.tx_bytes", protocol);
	CHECK_REAL(number_at(row, rx), number_at(truth, "rx_bytes"), 0);
	CHECK_REAL(number_at(row, tx), number_at(truth, "tx_bytes"), 0);
	if (strcmp(protocol, "unix") == 0) {
		CHECK_INT(number_at(row, "network.rx_bytes"), 0);
		CHECK_INT(number_at(row, "network.tx_bytes"), 0);
		return;
	}
	CHECK_REAL(number_at(row, "network.rx_bytes"), number_at(truth, "rx_bytes"), 0);
	CHECK_REAL(number_at(row, "network.tx_bytes"), number_at(truth, "tx_bytes"), 0);
	check_close(row, "network.rx_bytes_per_second", number_at(truth, "rx_bytes") / seconds);
	check_close(row, "network.tx_bytes_per_second", number_at(truth, "tx_bytes") / seconds);
}

static json_t *observe(const char *const arguments[], json_t **ret_lines)
{
	once_start(&once, WINDOW_MS);
	work_start(&work, arguments);
	*ret_lines = work_finish(&work);

	json_t *document = once_finish(&once);

	check_inside(document, *ret_lines);
	need_probe(document, "sockets");
	return document;
}

#define OBSERVE(lines, ...) observe((const char *const[]){__VA_ARGS__, NULL}, lines)

TEST(tcp_bytes_are_exact_on_both_ends)
{
	json_t *lines, *document = OBSERVE(&lines, "tcp", "50000000");

	check_traffic(document, work_of(lines, "client"), "tcp");
	check_traffic(document, work_of(lines, "server"), "tcp");
}

TEST(tcp_over_ipv6_is_exact_too)
{
	json_t *lines, *document = OBSERVE(&lines, "tcp6", "20000000");

	check_traffic(document, work_of(lines, "client"), "tcp");
	check_traffic(document, work_of(lines, "server"), "tcp");
}

TEST(udp_bytes_and_messages_are_exact)
{
	json_t *lines, *document = OBSERVE(&lines, "udp", "5000", "1200");
	static const char *const roles[] = {"client", "server"};

	for (size_t i = 0; i < 2; i++) {
		json_t *truth = work_of(lines, roles[i]), *row = process_row(document, truth);

		check_traffic(document, truth, "udp");
		CHECK_REAL(number_at(row, "network.udp.rx_messages"),
			   number_at(truth, "rx_messages"), 0);
		CHECK_REAL(number_at(row, "network.udp.tx_messages"),
			   number_at(truth, "tx_messages"), 0);
		CHECK_INT(number_at(row, "network.tcp.rx_bytes"), 0);
	}
}

TEST(unix_socket_bytes_are_exact_and_no_network_bytes)
{
	json_t *lines, *document = OBSERVE(&lines, "unix", "30000000");

	check_traffic(document, work_of(lines, "client"), "unix");
	check_traffic(document, work_of(lines, "server"), "unix");
}

static double disks_written(json_t *document)
{
	json_t *disk;
	double bytes = 0;
	size_t i;

	json_array_foreach (json_object_get(json_object_get(document, "system"), "disks"), i, disk)
		bytes += number_at(disk, "write_bytes");
	return bytes;
}

static void check_write(const char *kind)
{
	char path[PATH_MAX];

	make_file(path, sizeof(path));
	once_start(&once, WINDOW_MS);
	WORK(kind, path, "67108864");

	json_t *lines = work_finish(&work);

	unlink(path);

	json_t *document = once_finish(&once), *truth = work_of(lines, kind);
	json_t *row = process_row(document, truth);
	double bytes = number_at(truth, "write_bytes");

	check_inside(document, lines);
	check_close(row, "disk.write_bytes", bytes);
	check_close(row, "disk.syscall_write_bytes", bytes);
	need_probe(document, "block");
	printf("all disks: %.0f bytes written, truth at least %.0f\n", disks_written(document),
	       bytes);
	fflush(stdout);
	CHECK(disks_written(document) >= bytes * 0.99);
}

TEST(bytes_written_past_the_page_cache_are_charged_to_the_writer)
{
	check_write("direct-write");
}

TEST(bytes_written_through_the_page_cache_are_charged_to_the_writer)
{
	check_write("buffered-write");
}

/* Each name, and what of it may reach a reader. */
static const struct {
	const char *hex;
	const char *shown;
} hostile[] = {
	{"227d5d7d0a", "\"}]}\n"},
	{"3c2f7363726970743e", "</script>"},
	{"fffe80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
	{"1b5d303b7807", "\x1b]0;x\x07"},
	{"5c75303030305c", "\\u0000\\"},
	{"c3bce4b8adf09f909d", "\xc3\xbc\xe4\xb8\xad\xf0\x9f\x90\x9d"},
	{"2920522031203120", ") R 1 1 "},
	{"eda080", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
	/* A name is cut at 15 bytes, here inside a character. */
	{"6161616161616161616161616161c3", "aaaaaaaaaaaaaa\xef\xbf\xbd"},
};

#define HOSTILE (sizeof(hostile) / sizeof(*hostile))

TEST(hostile_names_are_text_and_nothing_else)
{
	json_t *lines[HOSTILE];

	once_start(&once, WINDOW_MS);
	for (size_t i = 0; i < HOSTILE; i++) {
		WORK("name", hostile[i].hex, "0.05");
		lines[i] = work_finish(&work);
	}

	json_t *document = once_finish(&once);

	for (size_t i = 0; i < HOSTILE; i++) {
		json_t *truth = work_of(lines[i], "name"), *row = process_row(document, truth);

		check_inside(document, lines[i]);
		CHECK_STRING(json_string_value(json_object_get(row, "comm")), hostile[i].shown);
		CHECK_REAL(number_at(row, "cpu.seconds"), number_at(truth, "cpu_seconds"), 0.002);
	}
}

TEST(the_parts_add_up_to_the_whole)
{
	double sum = 0;
	json_t *row;
	size_t i;

	once_start(&once, WINDOW_MS);
	WORK("threads", "2", "1");
	work_finish(&work);

	json_t *document = once_finish(&once);
	double busy = number_at(document, "system.cpu.seconds");
	double unattributed = number_at(document, "losses.unattributed_cpu_seconds");

	json_array_foreach (json_object_get(document, "processes"), i, row)
		sum += number_at(row, "cpu.seconds");
	printf("busy %.6f s, processes %.6f s, unattributed %+.6f s (%.2f %%)\n", busy, sum,
	       unattributed, unattributed / busy * 100);
	fflush(stdout);
	CHECK_REAL(sum, number_at(document, "totals.cpu_seconds"), 1e-6 * (double)i);
	CHECK_REAL(sum + unattributed, busy, 1e-6 * (double)i);
	CHECK_UINT(number_at(document, "totals.shown"), i);
}
