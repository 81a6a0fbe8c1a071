// SPDX-License-Identifier: Apache-2.0
#include "unit/recorded.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct recorder recorder;
struct recording recording;
char recorded_path[64], recorded_error[RECORDED_ERROR];

static struct builder builder;

const char *recorded_name(void)
{
	static char name[64];

	snprintf(name, sizeof(name), "/tmp/probecast-recording-%d", (int)getpid());
	return name;
}

void recorded_begin(void)
{
	const char *name = recorded_name();

	if (recorder_open(&recorder, name, "node", true, recorded_error, RECORDED_ERROR))
		harness_fail(__FILE__, __LINE__, "%s", recorded_error);
	snprintf(recorded_path, sizeof(recorded_path), "/proc/self/fd/%d", dup(recorder.fd));
	CHECK_INT(unlink(name), 0);
}

void recorded_build(uint64_t seq, int64_t end_wall_ms, struct builder_parts *ret)
{
	struct builder_row row = {0};

	builder_begin(&builder);
	builder.head.seq = seq;
	builder.head.start_boot_ns = seq * 1000000000;
	builder.head.end_boot_ns = (seq + 1) * 1000000000;
	builder.head.start_wall_ms = end_wall_ms - 1000;
	builder.head.end_wall_ms = end_wall_ms;
	builder.head.interval_ms = 1000;
	builder.head.node = builder_string(&builder, "node");
	builder.head.source = builder_string(&builder, "bpf");
	builder_label(&row, SCOPE_PROCESS, LABEL_PROCESS_pid, seq);
	builder_label_string(&builder, &row, SCOPE_PROCESS, LABEL_PROCESS_comm, "worker");
	builder_value(&row, METRIC_PROCESS_cpu_percent, (union snapshot_value){.real = 1.5});
	builder_add(&builder, SCOPE_PROCESS, &row);
	CHECK(builder_end(&builder, ret));
}

void recorded_append(uint64_t seq, int64_t end_wall_ms)
{
	struct builder_parts parts;

	recorded_build(seq, end_wall_ms, &parts);
	if (recorder_append(&recorder, parts.list, parts.count, recorded_error, RECORDED_ERROR))
		harness_fail(__FILE__, __LINE__, "%s", recorded_error);
}

void recorded_windows(uint64_t count)
{
	recorded_begin();
	for (uint64_t seq = 1; seq <= count; seq++)
		recorded_append(seq, RECORDED_FIRST_MS + (int64_t)seq * 1000);
}

void recorded_finish(void)
{
	CHECK_INT(recorder_close(&recorder, recorded_error, RECORDED_ERROR), 0);
}

size_t recorded_bytes(unsigned char to[RECORDED_MOST])
{
	int fd = open(recorded_path, O_RDONLY);
	ssize_t len = read(fd, to, RECORDED_MOST);

	CHECK(len > 0 && len < RECORDED_MOST);
	close(fd);
	return (size_t)len;
}

void recorded_replace(const void *bytes, size_t len)
{
	int fd = open(recorded_path, O_WRONLY | O_TRUNC);

	CHECK(write(fd, bytes, len) == (ssize_t)len);
	close(fd);
}

void recorded_check(const struct snapshot *s, uint64_t seq)
{
	struct builder_parts parts;
	const char *at = (const char *)s;

	recorded_build(seq, RECORDED_FIRST_MS + (int64_t)seq * 1000, &parts);
	CHECK_UINT(s->bytes, parts.bytes);
	for (int i = 0; i < parts.count; i++) {
		CHECK(memcmp(at, parts.list[i].iov_base, parts.list[i].iov_len) == 0);
		at += parts.list[i].iov_len;
	}
}

uint64_t recorded_read(enum recording_result *ret)
{
	const struct snapshot *s;
	uint64_t count = 0;

	recorded_error[0] = '\0';
	while ((*ret = recording_next(&recording, &s, recorded_error, RECORDED_ERROR)) ==
	       RECORDING_WINDOW)
		recorded_check(s, ++count);
	CHECK(*ret == RECORDING_END ||
	      strncmp(recorded_error, recorded_path, strlen(recorded_path)) == 0);
	CHECK(recording_next(&recording, &s, recorded_error, RECORDED_ERROR) == *ret);
	return count;
}

void recorded_open(void)
{
	if (recording_open(&recording, recorded_path, recorded_error, RECORDED_ERROR))
		harness_fail(__FILE__, __LINE__, "%s", recorded_error);
}

int64_t recorded_count(enum recording_result *ret)
{
	int64_t count;

	recorded_error[0] = '\0';
	if (recording_open(&recording, recorded_path, recorded_error, RECORDED_ERROR)) {
		CHECK(strncmp(recorded_error, recorded_path, strlen(recorded_path)) == 0);
		return -1;
	}
	count = (int64_t)recorded_read(ret);
	recording_close(&recording);
	return count;
}
