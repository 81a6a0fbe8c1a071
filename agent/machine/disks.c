// SPDX-License-Identifier: Apache-2.0
#include "machine/disks.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"

#define DISK_INPUT(id) (INPUT_DISK_##id - INPUT_FIRST_DISK)
#define SECTOR_BYTES 512 /* in /proc/diskstats, whatever the device */

/* Whether a device is counted may change: each is asked again in one window of so many. */
#define ASK_AGAIN_WINDOWS 12

void system_disks_open(struct system_disks *d, struct probe_state *state)
{
	*d = (struct system_disks){.table.limit = SYSTEM_MAX_DISKS};
	d->diskstats_fd = proc_file_open("/proc/diskstats", state);
}

/* Fields of a line of /proc/diskstats that are used, in the order of the file. */
struct disk_line {
	uint32_t device;
	char name[RECORD_DISK_NAME_LENGTH];
	uint64_t reads, read_sectors, read_ms, writes, write_sectors, write_ms, busy_ms, queue_ms;
};

static bool parse_line(const char *line, struct disk_line *ret)
{
	unsigned major, minor;

	if (sscanf(line,
		   "%u %u %31s %" SCNu64 " %*u %" SCNu64 " %" SCNu64 " %" SCNu64 " %*u %" SCNu64
		   " %" SCNu64 " %*u %" SCNu64 " %" SCNu64,
		   &major, &minor, ret->name, &ret->reads, &ret->read_sectors, &ret->read_ms,
		   &ret->writes, &ret->write_sectors, &ret->write_ms, &ret->busy_ms,
		   &ret->queue_ms) != 11)
		return false;
	ret->device = major << 20 | minor;
	return true;
}

static int open_attribute(uint32_t device, const char *name)
{
	char path[96];

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/%s", device >> 20, device & 0xfffff,
		 name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static bool has_attribute(uint32_t device, const char *name)
{
	AUTO_CLOSE int fd = open_attribute(device, name);

	return fd >= 0;
}

/* With queue/iostats at 0 the numbers stand still, which is not to be taken for idle. */
static bool is_counted(uint32_t device)
{
	AUTO_CLOSE int fd = open_attribute(device, "queue/iostats");
	char flag = '1';

	return fd < 0 || read(fd, &flag, 1) != 1 || flag != '0';
}

static struct disk *add_disk(struct system_disks *d, uint32_t device, const char *name)
{
	struct disk *disk = calloc(1, sizeof(*disk));

	if (!disk || !table_put(&d->table, device, 0, disk)) {
		d->left_out++;
		free(disk);
		return NULL;
	}
	/* It was not there before, or without any I/O: all of it is new. */
	if (d->round > 1 && !d->left_out)
		disk->series.seeded = ~0ULL;
	disk->device = device;
	disk->counted = is_counted(device);
	text_copy(disk->name, sizeof(disk->name), name);
	return disk;
}

static void free_disk(struct disk *disk)
{
	free(disk->histogram);
	free(disk);
}

/* Devices that never did any I/O, as loop devices without a file, are left out. */
static struct disk *disk_of(struct system_disks *d, const struct disk_line *line)
{
	struct disk *disk = table_get(&d->table, line->device, 0);

	if (disk && strcmp(disk->name, line->name) != 0) {
		free_disk(table_remove(&d->table, line->device, 0));
		disk = NULL;
	}
	if (disk)
		return disk;
	if (!line->reads && !line->writes)
		return NULL;
	if (has_attribute(line->device, "partition"))
		return NULL;
	return add_disk(d, line->device, line->name);
}

/* Without the probe, from times in ms: 0 of these would be no answer. */
static void take_coarse_mean(struct series *s)
{
	uint64_t requests = s->amount[DISK_INPUT(reads)] + s->amount[DISK_INPUT(writes)];
	uint64_t ns = s->amount[DISK_INPUT(request_ms)] * NS_PER_MS;

	if (s->available >> DISK_INPUT(request_ms) & 1 && requests && ns)
		series_gauge(s, DISK_INPUT(latency_mean_ns), ns / requests);
}

static void take_traffic(struct series *s, const struct disk_line *line)
{
	series_counter(s, DISK_INPUT(reads), line->reads);
	series_counter(s, DISK_INPUT(writes), line->writes);
	series_counter(s, DISK_INPUT(read_bytes), line->read_sectors * SECTOR_BYTES);
	series_counter(s, DISK_INPUT(write_bytes), line->write_sectors * SECTOR_BYTES);
	series_counter(s, DISK_INPUT(request_ms), line->read_ms + line->write_ms);
	series_counter(s, DISK_INPUT(busy_ns), line->busy_ms * NS_PER_MS);
	series_counter(s, DISK_INPUT(queue_ms), line->queue_ms);
}

static void take_line(struct system_disks *d, const struct disk_line *line)
{
	struct disk *disk = disk_of(d, line);

	if (!disk)
		return;
	disk->seen = true;
	if (d->round % ASK_AGAIN_WINDOWS == disk->device % ASK_AGAIN_WINDOWS)
		disk->counted = is_counted(disk->device);
	if (disk->counted)
		take_traffic(&disk->series, line);
}

static bool is_gone(void *context, void *item)
{
	struct disk *disk = item;

	(void)context;
	if (disk->seen)
		return false;
	free_disk(disk);
	return true;
}

void system_disks_read(struct system_disks *d, struct buf *buffer)
{
	const char *text = proc_file_read(d->diskstats_fd, buffer);
	struct disk_line line;
	struct disk *disk;
	size_t at = 0;

	d->round += text != NULL;
	while ((disk = table_next(&d->table, &at))) {
		series_begin(&disk->series);
		disk->seen = !text;
		disk->traced = false;
	}
	if (!text)
		return;
	while (text && *text) {
		if (parse_line(text, &line))
			take_line(d, &line);
		text = strchr(text, '\n');
		text += text != NULL;
	}
	table_sweep(&d->table, is_gone, NULL);
}

/*
 * The device made its first request since the probe was attached: all of it is new. What was
 * counted under another name was another device with the same number.
 */
static bool begin_trace(struct disk *disk, const struct disk_counters *c)
{
	if (strcmp(disk->name, c->name) == 0)
		disk->histogram = calloc(1, sizeof(*disk->histogram));
	disk->series.seeded |= 1ULL << DISK_INPUT(latency_sum_ns);
	return disk->histogram != NULL;
}

_Static_assert(DISK_INPUT(latency_over) - DISK_INPUT(latency_66us) == LATENCY_BOUNDS,
	       "one input between two bounds");

static void take_histogram(struct series *s, const struct histogram *h)
{
	uint64_t requests[LATENCY_BOUNDS + 1];

	histogram_between_bounds(h, requests);
	for (unsigned i = 0; i <= LATENCY_BOUNDS; i++)
		series_amount(s, DISK_INPUT(latency_66us) + i, requests[i]);
}

/* Without a request there is no latency to tell. */
static void take_latency(struct series *s, struct histogram *h, const struct disk_counters *c)
{
	series_counter(s, DISK_INPUT(latency_sum_ns), c->latency_sum_ns);
	histogram_read(h, c->latency);
	take_histogram(s, h);
	if (!h->count)
		return;
	series_gauge(s, DISK_INPUT(latency_mean_ns),
		     s->amount[DISK_INPUT(latency_sum_ns)] / h->count);
	series_gauge(s, DISK_INPUT(latency_p50_ns), histogram_percentile(h, 50));
	series_gauge(s, DISK_INPUT(latency_p95_ns), histogram_percentile(h, 95));
	series_gauge(s, DISK_INPUT(latency_p99_ns), histogram_percentile(h, 99));
}

bool system_disks_trace(struct system_disks *d, uint32_t device, const struct disk_counters *c)
{
	struct disk *disk = table_get(&d->table, device, 0);

	/* The kernel was told not to count it: /proc/diskstats shows a device without any I/O. */
	if (!disk && d->table.count < SYSTEM_MAX_DISKS && has_attribute(device, "dev"))
		disk = add_disk(d, device, c->name);
	if (!disk || (!disk->histogram && !begin_trace(disk, c)))
		return false;
	disk->seen = true;
	disk->traced = true;
	take_latency(&disk->series, disk->histogram, c);
	return true;
}

static void emit_one(struct builder *b, struct disk *disk, uint64_t length_ns)
{
	struct builder_row row = {0};

	if (!disk->traced)
		take_coarse_mean(&disk->series);
	builder_label_string(b, &row, SCOPE_DISK, LABEL_DISK_name, disk->name);
	series_derive(&disk->series, &row, SCOPE_DISK, length_ns, 1);
	builder_add(b, SCOPE_DISK, &row);
}

void system_disks_emit(const struct system_disks *d, struct builder *b, uint64_t length_ns)
{
	struct disk *disk;
	size_t at = 0;

	while ((disk = table_next(&d->table, &at)))
		if (disk->seen)
			emit_one(b, disk, length_ns);
}

void system_disks_close(struct system_disks *d)
{
	struct disk *disk;
	size_t at = 0;

	while ((disk = table_next(&d->table, &at)))
		free_disk(disk);
	table_free(&d->table);
	proc_file_close(&d->diskstats_fd);
}
