// SPDX-License-Identifier: Apache-2.0
#include "cli/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"
#include "snapshot/order.h"

#define LINE_BYTES 512

unsigned table_width(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || size.ws_col < 40)
		return 0;
	return size.ws_col;
}

enum shape { SHAPE_PERCENT, SHAPE_BYTES, SHAPE_SECONDS };

static const struct column {
	const char *title;
	int width;
	enum metric metric;
	enum shape shape;
} columns[] = {
	{"CPU%", 6, METRIC_PROCESS_cpu_percent, SHAPE_PERCENT},
	{"TIME", 8, METRIC_PROCESS_cpu_seconds_total, SHAPE_SECONDS},
	{"RSS", 7, METRIC_PROCESS_memory_rss, SHAPE_BYTES},
	{"NET RX/s", 8, METRIC_PROCESS_network_rx_rate, SHAPE_BYTES},
	{"NET TX/s", 8, METRIC_PROCESS_network_tx_rate, SHAPE_BYTES},
	{"READ/s", 7, METRIC_PROCESS_disk_read_rate, SHAPE_BYTES},
	{"WRITE/s", 7, METRIC_PROCESS_disk_write_rate, SHAPE_BYTES},
};

#define COLUMNS (sizeof(columns) / sizeof(*columns))

static void print_bytes(char *to, size_t size, double bytes)
{
	static const char units[] = "BKMGTPE";
	int unit = 0;

	while (bytes >= 999.5 && units[unit + 1]) {
		bytes /= 1024;
		unit++;
	}
	snprintf(to, size, unit && bytes < 9.95 ? "%.1f%c" : "%.0f%c", bytes, units[unit]);
}

static void print_cell(char *to, size_t size, const struct column *c, double value)
{
	if (value < 0)
		snprintf(to, size, "-");
	else if (c->shape == SHAPE_PERCENT)
		snprintf(to, size, "%.1f", value);
	else if (c->shape == SHAPE_SECONDS)
		snprintf(to, size, "%.2f", value);
	else
		print_bytes(to, size, value);
}

/* Names are any bytes: what is not printable ASCII must not reach the terminal. */
static void add_name(struct buf *out, const char *name, size_t most)
{
	for (; *name && most; name++, most--)
		buf_add_char(out, *name >= 0x20 && *name < 0x7f ? *name : '?');
}

static void add_title(struct buf *out)
{
	buf_printf(out, "%7s %-10s", "PID", "USER");
	for (size_t i = 0; i < COLUMNS; i++)
		buf_printf(out, " %*s", columns[i].width, columns[i].title);
	buf_add_string(out, "  COMMAND\n");
}

static void add_user(struct buf *out, const struct snapshot *s, const struct snapshot_row *row)
{
	const char *user = snapshot_label_string(s, row, SCOPE_PROCESS, LABEL_PROCESS_user);
	uint64_t uid = 0;
	size_t before = out->len;

	snapshot_label(row, SCOPE_PROCESS, LABEL_PROCESS_uid, &uid);
	if (*user)
		add_name(out, user, 10);
	else
		buf_printf(out, "%llu", (unsigned long long)uid);
	while (out->len - before < 10 && !buf_failed(out))
		buf_add_char(out, ' ');
}

static void add_process(struct buf *out, const struct snapshot *s, const struct snapshot_row *row,
			unsigned width)
{
	uint64_t pid = 0, exited = 0;
	size_t start = out->len;

	snapshot_label(row, SCOPE_PROCESS, LABEL_PROCESS_pid, &pid);
	snapshot_label(row, SCOPE_PROCESS, LABEL_PROCESS_exited, &exited);
	buf_printf(out, "%7llu ", (unsigned long long)pid);
	add_user(out, s, row);
	for (size_t i = 0; i < COLUMNS; i++) {
		char cell[32];

		print_cell(cell, sizeof(cell), &columns[i],
			   snapshot_number(s, row, columns[i].metric, -1));
		buf_printf(out, " %*s", columns[i].width, cell);
	}
	buf_add_string(out, exited ? " +" : "  ");

	size_t used = out->len - start;

	add_name(out, snapshot_label_string(s, row, SCOPE_PROCESS, LABEL_PROCESS_comm),
		 !width		? SIZE_MAX
		 : width > used ? width - used
				: 0);
	buf_add_char(out, '\n');
}

static double one(const struct snapshot *s, enum metric metric)
{
	enum scope scope = catalogue_metrics[metric].scope;

	return snapshot_rows(s, scope) ? snapshot_number(s, snapshot_row(s, scope, 0), metric, 0)
				       : 0;
}

/* "?" where the source cannot tell: 0 would be a lie. */
static void print_count(char *to, size_t size, const struct snapshot *s, enum metric metric)
{
	double count = snapshot_number(s, snapshot_row(s, SCOPE_TOTALS, 0), metric, -1);

	if (count < 0)
		text_copy(to, size, "?");
	else
		snprintf(to, size, "%.0f", count);
}

static void add_machine(struct buf *out, const struct snapshot *s)
{
	char used[32], total[32], began[32], ended[32];

	print_bytes(used, sizeof(used), one(s, METRIC_SYSTEM_memory_used));
	print_bytes(total, sizeof(total), one(s, METRIC_SYSTEM_memory_total));
	print_count(began, sizeof(began), s, METRIC_TOTALS_started);
	print_count(ended, sizeof(ended), s, METRIC_TOTALS_exited);
	add_name(out, snapshot_string(s, s->node), 64);
	buf_printf(out,
		   ": CPU %.1f %% of %.0f, memory %s of %s, load %.2f; %.0f processes, %s began, "
		   "%s ended (+) in %.1f s\n",
		   one(s, METRIC_SYSTEM_cpu_percent), one(s, METRIC_SYSTEM_cpu_count), used, total,
		   one(s, METRIC_SYSTEM_load_one), one(s, METRIC_TOTALS_processes), began, ended,
		   (double)(s->end_boot_ns - s->start_boot_ns) / 1e9);
}

static void add_losses(struct buf *out, const struct snapshot *s)
{
	double lost = one(s, METRIC_LOSSES_ring_dropped) + one(s, METRIC_LOSSES_table_full) +
		      one(s, METRIC_LOSSES_maps_full) + one(s, METRIC_LOSSES_storage_failed) +
		      one(s, METRIC_LOSSES_returns_missed);

	buf_printf(out, "CPU time not attributed to a process: %.3f s of %.3f s",
		   one(s, METRIC_LOSSES_unattributed), one(s, METRIC_SYSTEM_cpu_seconds));
	if (lost)
		buf_printf(out, "; %.0f events lost", lost);
	buf_add_char(out, '\n');
}

static void add_missing(struct buf *out, const struct snapshot *s)
{
	for (size_t i = 0; i < snapshot_rows(s, SCOPE_PROBE); i++) {
		const struct snapshot_row *row = snapshot_row(s, SCOPE_PROBE, i);
		const char *reason = snapshot_label_string(s, row, SCOPE_PROBE, LABEL_PROBE_reason);
		const char *name = snapshot_label_string(s, row, SCOPE_PROBE, LABEL_PROBE_name);

		if (*reason && strcmp(name, "procfs") != 0)
			buf_printf(out, "not measured: %s: %s\n", name, reason);
	}
}

void table_print(struct buf *out, const struct snapshot *s, const struct encode_view *view,
		 unsigned width)
{
	size_t count = snapshot_rows(s, SCOPE_PROCESS);
	struct order_row *order = calloc(count ? count : 1, sizeof(*order));
	struct order_wish wish = encode_view_wish(view, SCOPE_PROCESS);

	if (!order) {
		out->failed = true;
		return;
	}
	count = order_rows(s, SCOPE_PROCESS, &wish, order, NULL);
	add_machine(out, s);
	add_title(out);
	for (size_t i = 0; i < count; i++)
		add_process(out, s, snapshot_row(s, SCOPE_PROCESS, order[i].row), width);
	add_losses(out, s);
	add_missing(out, s);
	free(order);
}
