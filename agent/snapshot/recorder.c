// SPDX-License-Identifier: Apache-2.0
/* Writes a recording. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "snapshot/recording.h"

/* The data of one window must fit the 32 bits of its header. */
_Static_assert(SNAPSHOT_MAX_BYTES <= UINT32_MAX / 2, "a part is too large");

static int fail(const struct recorder *r, const char *why, char *error, size_t size)
{
	snprintf(error, size, "%s: %s", r->path, why);
	return -1;
}

/* Behind what is there; what was begun in vain is taken back. Returns 0 or a negative errno. */
static int append(struct recorder *r, const char *bytes, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t wrote = pwrite(r->fd, bytes + done, len - done, (off_t)(r->bytes + done));

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0) {
			int failed = wrote ? -errno : -EIO;

			return ftruncate(r->fd, (off_t)r->bytes) ? -errno : failed;
		}
		done += (size_t)wrote;
	}
	r->bytes += len;
	return 0;
}

static int write_head(struct recorder *r, const char *node)
{
	struct recording_head head = {
		.magic = RECORDING_MAGIC,
		.version = RECORDING_VERSION,
		.catalogue = catalogue_fingerprint(),
	};

	text_copy(head.node, sizeof(head.node), node);
	head.crc = recording_crc(&head, offsetof(struct recording_head, crc));
	return append(r, (const char *)&head, sizeof(head));
}

/* Only a regular file is removed: a device or a pipe of that name is a mistake. */
static int make_file(const char *path, bool force)
{
	struct stat info;

	if (force && lstat(path, &info) == 0) {
		if (!S_ISREG(info.st_mode))
			return -EEXIST;
		if (unlink(path))
			return -errno;
	}

	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : fd;
}

int recorder_open(struct recorder *r, const char *path, const char *node, bool force, char *error,
		  size_t size)
{
	*r = (struct recorder){.stride = 1, .path = strdup(path)};
	r->fd = make_file(path, force);
	if (r->fd == -EEXIST)
		snprintf(error, size, "%s: %s", path,
			 force ? "it is there and is no regular file; name another"
			       : "it is there; name another file, or overwrite it with --force");
	else if (r->fd < 0)
		snprintf(error, size, "%s: %s", path, strerror(-r->fd));
	if (r->fd < 0) {
		free(r->path);
		return -1;
	}

	int failed = r->path && deflateInit(&r->stream, RECORDING_LEVEL) == Z_OK
			     ? write_head(r, node)
			     : -ENOMEM;

	if (!failed)
		return 0;
	snprintf(error, size, "%s: %s", path, strerror(-failed));
	unlink(path);
	close(r->fd);
	deflateEnd(&r->stream);
	free(r->path);
	return -1;
}

/* Packs the parts behind room for the header. False without memory. */
static bool pack(struct recorder *r, const struct iovec *parts, int count, size_t raw_bytes)
{
	z_stream *z = &r->stream;
	size_t most = deflateBound(z, raw_bytes), head = sizeof(struct recording_part);
	int status = deflateReset(z);

	buf_reset(&r->out);
	if (!buf_reserve(&r->out, head + most))
		return false;
	z->next_out = (Bytef *)r->out.data + head;
	z->avail_out = (uInt)most;
	for (int i = 0; i < count && status == Z_OK; i++) {
		z->next_in = parts[i].iov_base;
		z->avail_in = (uInt)parts[i].iov_len;
		status = deflate(z, i + 1 < count ? Z_NO_FLUSH : Z_FINISH);
	}
	r->out.len = head + most - z->avail_out;
	return status == Z_STREAM_END;
}

static void fill_header(struct buf *out, struct recording_part *part)
{
	part->bytes = (uint32_t)(out->len - sizeof(*part));
	part->data_crc = recording_crc(out->data + sizeof(*part), part->bytes);
	part->crc = recording_crc(part, offsetof(struct recording_part, crc));
	memcpy(out->data, part, sizeof(*part));
}

/* When the index is full, every second place gives way: it then stays half full at the least. */
static void add_place(struct recorder *r, uint64_t offset)
{
	if (r->windows % r->stride)
		return;
	if (r->place_count == RECORDING_PLACES) {
		r->place_count /= 2;
		r->stride *= 2;
		for (size_t i = 0; i < r->place_count; i++)
			r->places[i] = r->places[2 * i];
	}
	if (r->windows % r->stride == 0)
		r->places[r->place_count++] = (struct recording_place){offset, r->latest_wall_ms};
}

int recorder_append(struct recorder *r, const struct iovec *parts, int count, char *error,
		    size_t size)
{
	const struct snapshot *s = parts[0].iov_base;
	struct recording_part part = {
		.kind = RECORDING_KIND_WINDOW,
		.number = s->seq,
		.end_wall_ms = s->end_wall_ms,
	};
	uint64_t offset = r->bytes, raw_bytes = 0;

	for (int i = 0; i < count; i++)
		raw_bytes += parts[i].iov_len;
	if (raw_bytes > SNAPSHOT_MAX_BYTES)
		return fail(r, "the window is too large for a recording", error, size);
	part.raw_bytes = (uint32_t)raw_bytes;
	if (!pack(r, parts, count, raw_bytes))
		return fail(r, "no memory to pack the window", error, size);
	fill_header(&r->out, &part);

	int failed = append(r, r->out.data, r->out.len);

	if (failed)
		return fail(r, strerror(-failed), error, size);
	if (r->windows == 0 || s->end_wall_ms > r->latest_wall_ms)
		r->latest_wall_ms = s->end_wall_ms;
	add_place(r, offset);
	r->windows++;
	return 0;
}

/* Index and tail in one piece. */
static int write_index(struct recorder *r)
{
	size_t bytes = r->place_count * sizeof(*r->places);
	struct recording_part part = {
		.kind = RECORDING_KIND_INDEX,
		.raw_bytes = (uint32_t)bytes,
		.number = r->windows,
		.end_wall_ms = r->latest_wall_ms,
	};
	struct recording_tail tail = {.magic = RECORDING_TAIL_MAGIC, .index = r->bytes};

	tail.crc = recording_crc(&tail, offsetof(struct recording_tail, crc));
	buf_reset(&r->out);
	buf_add(&r->out, &part, sizeof(part));
	buf_add(&r->out, r->places, bytes);
	if (buf_failed(&r->out))
		return -ENOMEM;
	fill_header(&r->out, &part);
	buf_add(&r->out, &tail, sizeof(tail));
	return buf_failed(&r->out) ? -ENOMEM : append(r, r->out.data, r->out.len);
}

int recorder_close(struct recorder *r, char *error, size_t size)
{
	int failed = write_index(r);

	if (!failed && fsync(r->fd))
		failed = -errno;
	if (close(r->fd) && !failed)
		failed = -errno;
	if (failed)
		snprintf(error, size, "%s: the index cannot be written: %s", r->path,
			 strerror(-failed));
	deflateEnd(&r->stream);
	buf_free(&r->out);
	free(r->path);
	r->path = NULL;
	return failed ? -1 : 0;
}
