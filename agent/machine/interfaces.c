// SPDX-License-Identifier: Apache-2.0
#include "machine/interfaces.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"

#define INTERFACE_INPUT(id) (INPUT_INTERFACE_##id - INPUT_FIRST_INTERFACE)
#define TRAFFIC_INPUTS 8

/* A speed seldom changes while the link is up: each is read in one window of so many. */
#define SPEED_WINDOWS 12

int system_interfaces_open(struct system_interfaces *s, struct probe_state *state)
{
	*s = (struct system_interfaces){0};
	s->netdev_fd = proc_file_open("/proc/self/net/dev", state);
	s->sys_fd = open("/sys/class/net", O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* Pages that are never touched cost nothing. */
	s->list = calloc(SYSTEM_MAX_INTERFACES, sizeof(*s->list));
	return s->list ? 0 : -ENOMEM;
}

/* A line of /proc/net/dev, its numbers in the order of the inputs. */
struct netdev_line {
	char name[SYSTEM_INTERFACE_NAME];
	unsigned long long v[TRAFFIC_INPUTS];
};

/* "name: bytes packets errs drop fifo frame compressed multicast bytes packets errs drop ..." */
static bool parse_line(const char *line, struct netdev_line *ret)
{
	unsigned long long *v = ret->v;

	return sscanf(line, " %31[^:]: %llu %llu %llu %llu %*u %*u %*u %*u %llu %llu %llu %llu",
		      ret->name, &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7]) == 9;
}

/* They mostly come in the same order as before. */
static struct interface *find(struct system_interfaces *s, const char *name)
{
	for (size_t i = 0; i < s->count; i++) {
		size_t at = (s->hint + i) % s->count;

		if (strcmp(s->list[at].name, name) == 0) {
			s->hint = at + 1;
			return &s->list[at];
		}
	}
	return NULL;
}

static struct interface *add(struct system_interfaces *s, const char *name)
{
	struct interface *interface;

	if (s->count == SYSTEM_MAX_INTERFACES) {
		s->left_out++;
		return NULL;
	}
	interface = &s->list[s->count++];
	*interface = (struct interface){.up = -1};
	text_copy(interface->name, sizeof(interface->name), name);
	return interface;
}

/* A number in a file of /sys; a negative errno when there is none, as -EINVAL of a link that is
 * switched off. */
static long read_attribute(const struct system_interfaces *s, const char *name,
			   const char *attribute)
{
	char path[SYSTEM_INTERFACE_NAME + 16], text[24];

	snprintf(path, sizeof(path), "%s/%s", name, attribute);

	AUTO_CLOSE int fd = openat(s->sys_fd, path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (len < 0)
		return -errno;
	text[len] = '\0';
	return strtol(text, NULL, 10);
}

/* In Mbit/s; -1, or what it is without a sign, where it is not known. */
static void read_speed(const struct system_interfaces *s, struct interface *interface)
{
	long speed = read_attribute(s, interface->name, "speed");
	bool known = speed > 0 && speed < UINT32_MAX;

	interface->bits_per_second = known ? (uint64_t)speed * 1000000 : 0;
}

static void read_link(const struct system_interfaces *s, struct interface *interface)
{
	size_t i = (size_t)(interface - s->list);
	long carrier = read_attribute(s, interface->name, "carrier");
	int up = carrier == -EINVAL ? 0 : carrier < 0 ? -1 : carrier != 0;

	if (up != interface->up || s->round % SPEED_WINDOWS == i % SPEED_WINDOWS)
		read_speed(s, interface);
	interface->up = up;
}

/* The time that the busier direction would take at full speed. */
static void take_utilisation(struct interface *interface)
{
	struct series *s = &interface->series;
	uint64_t rx = s->amount[INTERFACE_INPUT(rx_bytes)];
	uint64_t tx = s->amount[INTERFACE_INPUT(tx_bytes)];
	double bits = (double)(rx > tx ? rx : tx) * 8;

	if (!interface->bits_per_second)
		return;
	series_gauge(s, INTERFACE_INPUT(bits_per_second), interface->bits_per_second);
	if (s->available >> INTERFACE_INPUT(rx_bytes) & 1)
		series_amount(
			s, INTERFACE_INPUT(busy_ns),
			(uint64_t)(bits / (double)interface->bits_per_second * NS_PER_SECOND));
}

static void take_line(struct system_interfaces *s, struct interface *interface,
		      const struct netdev_line *line)
{
	interface->seen = true;
	for (unsigned i = 0; i < TRAFFIC_INPUTS; i++)
		series_counter(&interface->series, INTERFACE_INPUT(rx_bytes) + i, line->v[i]);
	read_link(s, interface);
	if (interface->up >= 0)
		series_gauge(&interface->series, INTERFACE_INPUT(up), (uint64_t)interface->up);
	take_utilisation(interface);
}

/* Known interfaces, or new ones. Returns how many were of the other kind. */
static size_t take_lines(struct system_interfaces *s, const char *text, bool new)
{
	struct netdev_line line;
	size_t others = 0;

	while ((text = strchr(text, '\n'))) {
		if (!parse_line(++text, &line))
			continue;

		struct interface *interface = find(s, line.name);

		if (new == (interface != NULL))
			others++;
		else if (interface || (interface = add(s, line.name)))
			take_line(s, interface, &line);
	}
	return others;
}

/* Those that are gone make room. */
static void sweep(struct system_interfaces *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->count; i++) {
		if (!s->list[i].seen)
			continue;
		if (kept != i)
			s->list[kept] = s->list[i];
		kept++;
	}
	s->count = kept;
	s->hint = 0;
}

void system_interfaces_read(struct system_interfaces *s, struct buf *buffer)
{
	const char *text = proc_file_read(s->netdev_fd, buffer);

	s->round++;
	s->hint = 0;
	for (size_t i = 0; i < s->count; i++) {
		series_begin(&s->list[i].series);
		s->list[i].seen = false;
	}
	if (!text)
		return;

	size_t unknown = take_lines(s, text, false);

	sweep(s);
	if (unknown)
		take_lines(s, text, true);
}

void system_interfaces_emit(const struct system_interfaces *s, struct builder *b,
			    uint64_t length_ns)
{
	for (size_t i = 0; i < s->count; i++) {
		struct builder_row row = {0};

		if (!s->list[i].seen)
			continue;
		builder_label_string(b, &row, SCOPE_INTERFACE, LABEL_INTERFACE_name,
				     s->list[i].name);
		series_derive(&s->list[i].series, &row, SCOPE_INTERFACE, length_ns, 1);
		builder_add(b, SCOPE_INTERFACE, &row);
	}
}

void system_interfaces_close(struct system_interfaces *s)
{
	proc_file_close(&s->netdev_fd);
	proc_file_close(&s->sys_fd);
	free(s->list);
	s->list = NULL;
}
