// SPDX-License-Identifier: Apache-2.0
/*
 * Any bytes as a recording, and a right one with changes whose checksums were made right again:
 * three bytes each, where and what. What is read of it is safe to encode.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "encode/encode.h"
#include "snapshot/builder.h"
#include "snapshot/recording.h"

#define MOST 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void build(struct builder *b, uint64_t seq, struct builder_parts *parts)
{
	struct builder_row row = {0};

	builder_begin(b);
	b->head.seq = seq;
	b->head.start_wall_ms = (int64_t)seq * 1000;
	b->head.end_wall_ms = (int64_t)seq * 1000 + 1000;
	b->head.node = builder_string(b, "node");
	builder_label(&row, SCOPE_PROCESS, LABEL_PROCESS_pid, seq);
	builder_value(&row, METRIC_PROCESS_cpu_percent, (union snapshot_value){.real = 1});
	builder_add(b, SCOPE_PROCESS, &row);
	if (!builder_end(b, parts))
		abort();
}

/* A recording of three windows, made once. */
static size_t right_bytes(uint8_t to[MOST])
{
	static uint8_t bytes[MOST];
	static ssize_t len;
	static struct recorder r;
	static struct builder b;
	struct builder_parts parts;
	char name[64], error[512];

	if (len == 0) {
		snprintf(name, sizeof(name), "/tmp/fuzz-recording-%d", (int)getpid());
		if (recorder_open(&r, name, "node", true, error, sizeof(error)))
			abort();
		for (uint64_t seq = 1; seq <= 3; seq++) {
			build(&b, seq, &parts);
			recorder_append(&r, parts.list, parts.count, error, sizeof(error));
		}
		recorder_close(&r, error, sizeof(error));
		builder_free(&b);

		FILE *f = fopen(name, "r");

		len = f ? (ssize_t)fread(bytes, 1, MOST, f) : 0;
		if (len <= 0)
			abort();
		fclose(f);
		unlink(name);
	}
	memcpy(to, bytes, (size_t)len);
	return (size_t)len;
}

static void apply(uint8_t *bytes, size_t len, const uint8_t *data, size_t size)
{
	for (; size >= 3; data += 3, size -= 3)
		bytes[(data[0] | data[1] << 8) % len] = data[2];
}

static void seal(void *header, size_t crc_at)
{
	uint32_t crc = recording_crc(header, crc_at);

	memcpy((char *)header + crc_at, &crc, sizeof(crc));
}

/* Returns where the next part begins. */
static size_t mend_part(uint8_t *bytes, size_t len, size_t at)
{
	size_t data = at + sizeof(struct recording_part);
	struct recording_part part;

	memcpy(&part, bytes + at, sizeof(part));
	if (part.bytes > len - data)
		part.bytes %= (uint32_t)(len - data + 1);
	part.data_crc = recording_crc(bytes + data, part.bytes);
	seal(&part, offsetof(struct recording_part, crc));
	memcpy(bytes + at, &part, sizeof(part));
	return data + part.bytes;
}

/* What no random input would have right: the head, and the checksums. */
static void mend(uint8_t *bytes, size_t len)
{
	struct recording_head head;
	size_t at = sizeof(head), tail = sizeof(struct recording_tail);

	if (len < at + tail)
		return;
	memcpy(&head, bytes, sizeof(head));
	head.magic = RECORDING_MAGIC;
	head.version = RECORDING_VERSION;
	head.catalogue = catalogue_fingerprint();
	seal(&head, offsetof(struct recording_head, crc));
	memcpy(bytes, &head, sizeof(head));
	while (at + sizeof(struct recording_part) + tail <= len)
		at = mend_part(bytes, len - tail, at);
	seal(bytes + len - tail, offsetof(struct recording_tail, crc));
}

static void use(const struct snapshot *s)
{
	static const struct encode_view view = {.sort = METRIC_PROCESS_cpu_percent, .limit = 3};
	struct buf out = {0};

	encode_snapshot(&out, s, &view, NULL);
	buf_free(&out);
}

static void read_recording(const char *path)
{
	const struct snapshot *s, *before = NULL;
	struct recording r;
	char error[512] = "";

	if (recording_open(&r, path, error, sizeof(error))) {
		if (!*error)
			abort();
		return;
	}
	for (int64_t wall_ms = 0; wall_ms < 6000; wall_ms += 1500)
		if (recording_seek(&r, wall_ms, &s, error, sizeof(error)) == RECORDING_WINDOW)
			use(s);
	recording_rewind(&r);
	while (recording_next(&r, &s, error, sizeof(error)) == RECORDING_WINDOW) {
		use(s);
		if (before)
			use(before);
		before = s;
	}
	if (before)
		use(before);
	recording_close(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static _Alignas(8) uint8_t bytes[MOST];
	size_t len = size < MOST ? size : MOST;
	int fd = memfd_create("recording", MFD_CLOEXEC);
	char path[64];

	if (fd < 0)
		abort();
	if (size % 3 == 0) {
		memcpy(bytes, data, len);
	} else {
		len = right_bytes(bytes);
		apply(bytes, len, data, size);
	}
	if (size % 3 != 2)
		mend(bytes, len);
	if (write(fd, bytes, len) != (ssize_t)len)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	read_recording(path);
	close(fd);
	return 0;
}
