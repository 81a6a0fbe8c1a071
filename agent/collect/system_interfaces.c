// SPDX-License-Identifier: Apache-2.0
#include "collect/system_interfaces.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define INTERFACE_INPUT(id) (INPUT_INTERFACE_##id - INPUT_FIRST_INTERFACE)

void system_interfaces_open(struct system_interfaces *s, struct probe_state *state)
{
	s->netdev_fd = proc_file_open("/proc/self/net/dev", state);
}

static struct interface *interface_of(struct system_interfaces *s, const char *name)
{
	struct interface *free_slot = NULL;

	for (size_t i = 0; i < s->count; i++) {
		if (strcmp(s->list[i].name, name) == 0)
			return &s->list[i];
		if (!s->list[i].seen && !free_slot)
			free_slot = &s->list[i];
	}
	if (s->count < SYSTEM_MAX_INTERFACES)
		free_slot = &s->list[s->count++];
	if (free_slot) {
		*free_slot = (struct interface){0};
		text_copy(free_slot->name, sizeof(free_slot->name), name);
	}
	return free_slot;
}

/* "name: bytes packets errs drop fifo frame compressed multicast bytes packets errs drop ..." */
static void take_line(struct system_interfaces *s, const char *line)
{
	char name[SYSTEM_INTERFACE_NAME];
	unsigned long long v[8];

	if (sscanf(line, " %31[^:]: %llu %llu %llu %llu %*u %*u %*u %*u %llu %llu %llu %llu", name,
		   &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7]) != 9)
		return;

	struct interface *interface = interface_of(s, name);

	if (!interface)
		return;
	interface->seen = true;
	for (unsigned i = 0; i < 8; i++)
		series_counter(&interface->series, INTERFACE_INPUT(rx_bytes) + i, v[i]);
}

void system_interfaces_read(struct system_interfaces *s, struct buf *buffer)
{
	const char *text = proc_file_read(s->netdev_fd, buffer);

	for (size_t i = 0; i < s->count; i++) {
		series_begin(&s->list[i].series);
		s->list[i].seen = false;
	}
	for (const char *line = text ? strchr(text, '\n') : NULL; line;
	     line = strchr(line + 1, '\n'))
		take_line(s, line + 1);
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
}
