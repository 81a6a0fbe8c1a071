// SPDX-License-Identifier: Apache-2.0
/* Interfaces, from texts as the kernel writes them, and from a network of the test's own. */
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "harness/harness.h"
#include "machine/interfaces.h"

#define WINDOW_NS (2 * NS_PER_SECOND)

static struct system_interfaces interfaces;
static struct builder builder;
static struct buf text;
static const struct snapshot *document;
static char folder[] = "/tmp/probecast-sys-XXXXXX";

static const char head[] =
	"Inter-|   Receive                        |  Transmit\n"
	" face |bytes    packets errs drop fifo frame compressed multicast|bytes\n";

static void show(void)
{
	const char *why;

	builder_begin(&builder);
	system_interfaces_emit(&interfaces, &builder, WINDOW_NS);
	document = builder_finish(&builder);
	CHECK(document && snapshot_check(document, document->bytes, &why));
}

static void open_all(void)
{
	struct probe_state state = {0};

	CHECK_INT(system_interfaces_open(&interfaces, &state), 0);
}

/* A window in which the kernel says so. */
static void read_lines(const char *lines)
{
	close(interfaces.netdev_fd);
	interfaces.netdev_fd = memfd_create("dev", MFD_CLOEXEC);
	CHECK(write(interfaces.netdev_fd, head, sizeof(head) - 1) > 0);
	CHECK(write(interfaces.netdev_fd, lines, strlen(lines)) >= 0);
	system_interfaces_read(&interfaces, &text);
	show();
}

static bool known(const char *name, enum metric metric, double *ret)
{
	for (size_t i = 0; i < snapshot_rows(document, SCOPE_INTERFACE); i++) {
		const struct snapshot_row *row = snapshot_row(document, SCOPE_INTERFACE, i);
		union snapshot_value v;

		if (strcmp(snapshot_label_string(document, row, SCOPE_INTERFACE,
						 LABEL_INTERFACE_name),
			   name) != 0 ||
		    !snapshot_value(document, row, metric, &v))
			continue;
		*ret = catalogue_metrics[metric].real ? v.real : (double)v.integer;
		return true;
	}
	return false;
}

static double value(const char *name, enum metric metric)
{
	double number = 0;

	if (!known(name, metric, &number))
		harness_fail(__FILE__, __LINE__, "no %s of %s", catalogue_metrics[metric].path,
			     name);
	return number;
}

static bool is_known(const char *name, enum metric metric)
{
	double number;

	return known(name, metric, &number);
}

static void put_attribute(const char *name, const char *attribute, const char *content)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/%s/%s", folder, name, attribute);

	FILE *f = fopen(path, "we");

	CHECK(f && fputs(content, f) >= 0 && fclose(f) == 0);
}

static void remove_attributes(void)
{
	for (int i = 0; i < 3; i++) {
		char path[128];

		snprintf(path, sizeof(path), "%s/eth%d/carrier", folder, i);
		unlink(path);
		snprintf(path, sizeof(path), "%s/eth%d/speed", folder, i);
		unlink(path);
		snprintf(path, sizeof(path), "%s/eth%d", folder, i);
		rmdir(path);
	}
	rmdir(folder);
}

/* 100 Mbit/s for 2 s are 25 MB. */
TEST(the_busier_direction_is_held_against_the_speed)
{
	CHECK(mkdtemp(folder) != NULL);
	put_attribute("eth0", "carrier", "1\n");
	put_attribute("eth0", "speed", "100\n");
	put_attribute("eth1", "carrier", "0\n");
	put_attribute("eth1", "speed", "-1\n");
	put_attribute("eth2", "carrier", "1\n");
	put_attribute("eth2", "speed", "4294967295\n");
	open_all();
	close(interfaces.sys_fd);
	interfaces.sys_fd = open(folder, O_PATH | O_DIRECTORY);
	read_lines("  eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"
		   "  eth1: 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
		   "  eth2: 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
		   "  eth3: 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n");
	CHECK(!is_known("eth0", METRIC_INTERFACE_utilisation));
	read_lines("  eth0: 5000001 3 4 5 5 6 7 8 12500009 12 14 16 13 14 15 16\n"
		   "  eth1: 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
		   "  eth2: 9 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
		   "  eth3: 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n");
	CHECK_REAL(value("eth0", METRIC_INTERFACE_speed), 1e8, 0);
	CHECK_REAL(value("eth0", METRIC_INTERFACE_up), 1, 0);
	CHECK_REAL(value("eth0", METRIC_INTERFACE_rx_bytes), 5000000, 0);
	CHECK_REAL(value("eth0", METRIC_INTERFACE_tx_bytes), 12500000, 0);
	CHECK_REAL(value("eth0", METRIC_INTERFACE_tx_dropped), 4, 0);
	CHECK_REAL(value("eth0", METRIC_INTERFACE_utilisation), 50, 1e-6);
	CHECK_REAL(value("eth1", METRIC_INTERFACE_up), 0, 0);
	CHECK(!is_known("eth1", METRIC_INTERFACE_speed));
	CHECK(!is_known("eth2", METRIC_INTERFACE_speed));
	CHECK(!is_known("eth2", METRIC_INTERFACE_utilisation));
	CHECK(is_known("eth3", METRIC_INTERFACE_rx_bytes));
	CHECK(!is_known("eth3", METRIC_INTERFACE_up));
	/* The link comes up: its speed is read at once. */
	put_attribute("eth1", "carrier", "1\n");
	put_attribute("eth1", "speed", "10\n");
	read_lines("  eth1: 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n");
	CHECK_REAL(value("eth1", METRIC_INTERFACE_speed), 1e7, 0);
	system_interfaces_close(&interfaces);
	remove_attributes();
}

static void read_many(unsigned from, unsigned count, unsigned bytes)
{
	char *lines = NULL;
	size_t size;
	FILE *f = open_memstream(&lines, &size);

	for (unsigned i = from; i < from + count; i++)
		fprintf(f, "if%u: %u 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n", i, bytes);
	CHECK(fclose(f) == 0);
	read_lines(lines);
	free(lines);
}

/* A new one stands before those that are known, and the table is full. */
TEST(at_the_cap_new_ones_are_left_out_and_none_is_lost)
{
	open_all();
	read_many(5, SYSTEM_MAX_INTERFACES, 100);
	CHECK_UINT(interfaces.left_out, 0);
	read_many(0, SYSTEM_MAX_INTERFACES + 5, 107);
	CHECK_UINT(snapshot_rows(document, SCOPE_INTERFACE), SYSTEM_MAX_INTERFACES);
	CHECK_UINT(interfaces.left_out, 5);
	for (unsigned i = 5; i < SYSTEM_MAX_INTERFACES + 5; i++) {
		char name[16];

		snprintf(name, sizeof(name), "if%u", i);
		CHECK_REAL(value(name, METRIC_INTERFACE_rx_bytes), 7, 0);
	}
	/* Those that go make room for those that come, in the same window. */
	read_many(1000, SYSTEM_MAX_INTERFACES, 110);
	CHECK_UINT(snapshot_rows(document, SCOPE_INTERFACE), SYSTEM_MAX_INTERFACES);
	CHECK_UINT(interfaces.left_out, 5);
	CHECK_REAL(value("if1000", METRIC_INTERFACE_rx_bytes), 3, 0);
	CHECK(!is_known("if2000", METRIC_INTERFACE_rx_bytes));
	read_many(1000, SYSTEM_MAX_INTERFACES, 111);
	CHECK_REAL(value("if2000", METRIC_INTERFACE_rx_bytes), 1, 0);
	system_interfaces_close(&interfaces);
}

TEST(an_interface_of_the_kernel_has_its_link_and_speed)
{
	struct ifreq request = {.ifr_name = "probe0", .ifr_flags = IFF_TUN | IFF_NO_PI};
	int tun;

	if (geteuid() != 0 || unshare(CLONE_NEWNET | CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("sysfs", "/sys", "sysfs", 0, NULL))
		SKIP("needs root, and a network of its own");
	tun = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (tun < 0 || ioctl(tun, TUNSETIFF, &request))
		SKIP("no TUN devices here");
	open_all();
	system_interfaces_read(&interfaces, &text);
	show();
	CHECK_REAL(value("probe0", METRIC_INTERFACE_up), 0, 0);

	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	request.ifr_flags = IFF_UP;
	CHECK(ioctl(s, SIOCSIFFLAGS, &request) == 0);
	system_interfaces_read(&interfaces, &text);
	show();
	CHECK_REAL(value("probe0", METRIC_INTERFACE_up), 1, 0);
	CHECK(value("probe0", METRIC_INTERFACE_speed) >= 1e7);
	CHECK(is_known("lo", METRIC_INTERFACE_rx_bytes));
	CHECK(!is_known("lo", METRIC_INTERFACE_speed));
	close(tun);
	system_interfaces_read(&interfaces, &text);
	show();
	CHECK(!is_known("probe0", METRIC_INTERFACE_up));
	system_interfaces_close(&interfaces);
}
