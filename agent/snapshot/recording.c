// SPDX-License-Identifier: Apache-2.0
/* Reads a recording. */
#include "snapshot/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The most that zlib's format can unpack to, per byte: https://zlib.net/zlib_tech.html */
#define MOST_EXPANSION 1032

/* The last millisecond that has a year of four digits. */
#define LATEST_WALL_MS 253402300799999LL

uint32_t recording_crc(const void *bytes, size_t len)
{
	return (uint32_t)crc32_z(crc32_z(0, NULL, 0), bytes, len);
}

static int fail(const struct recording *r, uint64_t at, const char *why, char *error, size_t size)
{
	snprintf(error, size, "%s: byte %" PRIu64 ": %s", r->path, at, why);
	return -1;
}

static enum recording_result damaged(const struct recording *r, const char *why, char *error,
				     size_t size)
{
	fail(r, r->at, why, error, size);
	return RECORDING_DAMAGED;
}

/* A file that was closed has all its windows, or is not what its recorder wrote. */
static enum recording_result cut(const struct recording *r, char *error, size_t size)
{
	if (r->closed)
		return damaged(r, "the window does not end before the index", error, size);
	fail(r, r->at, "the recording was cut off here", error, size);
	return RECORDING_CUT;
}

/* Returns 1; 0 when the file ends before; or a negative errno. */
static int read_at(const struct recording *r, uint64_t at, void *to, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t got = pread(r->fd, (char *)to + done, len - done, (off_t)(at + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got ? -errno : 0;
		done += (size_t)got;
	}
	return 1;
}

/* What is wrong with the head, a constant text; NULL when nothing is. */
static const char *head_fault(const struct recording_head *head)
{
	if (head->magic == __builtin_bswap64(RECORDING_MAGIC))
		return "recorded on a machine with the other byte order; replay it on one like it";
	if (head->magic != RECORDING_MAGIC)
		return "not a recording";
	if (head->crc != recording_crc(head, offsetof(struct recording_head, crc)))
		return "the head of the recording is damaged";
	if (head->version != RECORDING_VERSION)
		return "a recording of another format; replay it with the version that made it";
	if (head->catalogue != catalogue_fingerprint())
		return "recorded with another catalogue of metrics; replay it with the version "
		       "that made it";
	if (!memchr(head->node, '\0', sizeof(head->node)))
		return "the head of the recording is damaged";
	return NULL;
}

static int check_head(struct recording *r, char *error, size_t size)
{
	int got = read_at(r, 0, &r->head, sizeof(r->head));

	if (got < 0)
		return fail(r, 0, strerror(-got), error, size);
	if (got == 0)
		return fail(r, 0, "not a recording: it is too short", error, size);

	const char *fault = head_fault(&r->head);

	return fault ? fail(r, 0, fault, error, size) : 0;
}

static bool header_valid(const struct recording_part *part)
{
	return part->crc == recording_crc(part, offsetof(struct recording_part, crc));
}

/* The tail of a file that was closed; false when there is none. */
static bool read_tail(const struct recording *r, struct recording_tail *ret)
{
	return r->end >= sizeof(r->head) + sizeof(*ret) &&
	       read_at(r, r->end - sizeof(*ret), ret, sizeof(*ret)) == 1 &&
	       ret->magic == RECORDING_TAIL_MAGIC &&
	       ret->crc == recording_crc(ret, offsetof(struct recording_tail, crc));
}

static bool index_fits(const struct recording *r, const struct recording_part *part, uint64_t at)
{
	uint64_t most = RECORDING_PLACES * sizeof(struct recording_place);

	return part->kind == RECORDING_KIND_INDEX && header_valid(part) && part->bytes <= most &&
	       part->bytes % sizeof(struct recording_place) == 0 &&
	       at + sizeof(*part) + part->bytes + sizeof(struct recording_tail) == r->end;
}

static bool read_places(struct recording *r, const struct recording_part *part, uint64_t at)
{
	r->places = malloc(part->bytes ? part->bytes : 1);
	if (!r->places || read_at(r, at + sizeof(*part), r->places, part->bytes) != 1 ||
	    recording_crc(r->places, part->bytes) != part->data_crc)
		return false;
	r->place_count = part->bytes / sizeof(*r->places);
	for (size_t i = 0; i < r->place_count; i++)
		if (r->places[i].offset < sizeof(r->head) || r->places[i].offset >= at)
			return false;
	return true;
}

/* Without a tail the file was cut off, which is no fault; with one the index must be right. */
static int check_index(struct recording *r, char *error, size_t size)
{
	struct recording_tail tail;
	struct recording_part part;

	if (!read_tail(r, &tail))
		return 0;
	if (tail.index < sizeof(r->head) || tail.index > r->end - sizeof(tail) ||
	    read_at(r, tail.index, &part, sizeof(part)) != 1 || !index_fits(r, &part, tail.index) ||
	    !read_places(r, &part, tail.index))
		return fail(r, tail.index, "the index of the recording is damaged", error, size);
	r->closed = true;
	r->windows = part.number;
	r->end = tail.index;
	return 0;
}

/* A pipe would make the reader wait, a device has no end. */
static int open_regular(const char *path, uint64_t *ret_bytes)
{
	struct stat info;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return -errno;

	int failed = fstat(fd, &info) ? -errno : 0;

	if (!failed && !S_ISREG(info.st_mode))
		failed = -EINVAL;
	if (failed) {
		close(fd);
		return failed;
	}
	*ret_bytes = (uint64_t)info.st_size;
	return fd;
}

int recording_open(struct recording *r, const char *path, char *error, size_t size)
{
	*r = (struct recording){.path = strdup(path), .at = sizeof(r->head)};
	r->fd = r->path ? open_regular(path, &r->end) : -ENOMEM;
	if (r->fd < 0) {
		snprintf(error, size, "%s: %s", path,
			 r->fd == -EINVAL ? "not a regular file" : strerror(-r->fd));
		recording_close(r);
		return -1;
	}
	if (check_head(r, error, size) || check_index(r, error, size)) {
		recording_close(r);
		return -1;
	}
	return 0;
}

static bool sizes_possible(const struct recording_part *part)
{
	return part->raw_bytes >= sizeof(struct snapshot) &&
	       part->raw_bytes <= SNAPSHOT_MAX_BYTES &&
	       part->raw_bytes <= part->bytes * (uint64_t)MOST_EXPANSION;
}

/* The header of the part at r->at, when it is that of a window. */
static enum recording_result read_header(const struct recording *r, struct recording_part *part,
					 char *error, size_t size)
{
	int got = 0;

	if (r->at == r->end && r->closed)
		return RECORDING_END;
	if (r->end - r->at >= sizeof(*part))
		got = read_at(r, r->at, part, sizeof(*part));
	if (got < 0)
		return damaged(r, strerror(-got), error, size);
	if (got == 0)
		return cut(r, error, size);
	if (!header_valid(part))
		return damaged(r, "the header of a window is damaged", error, size);
	if (part->kind == RECORDING_KIND_INDEX && !r->closed)
		return cut(r, error, size);
	if (part->kind != RECORDING_KIND_WINDOW || !sizes_possible(part) || part->end_wall_ms < 0 ||
	    part->end_wall_ms > LATEST_WALL_MS)
		return damaged(r, "this is no window", error, size);
	if (part->bytes > r->end - r->at - sizeof(*part))
		return cut(r, error, size);
	return RECORDING_WINDOW;
}

/* What the header says must hold of the block too: a seek trusted it. */
static const char *block_fault(const struct recording_part *part, const struct snapshot *s)
{
	if (s->seq != part->number || s->end_wall_ms != part->end_wall_ms)
		return "the header is of another window";
	if (s->start_wall_ms < 0 || s->start_wall_ms > LATEST_WALL_MS)
		return "the window is of no time";
	if ((uint64_t)s->strings + s->strings_bytes != s->bytes)
		return "the window ends behind its strings";
	return NULL;
}

/* Unpacks r->packed into the block that is not the newest, and makes it the newest. */
static const char *unpack(struct recording *r, const struct recording_part *part,
			  const struct snapshot **ret)
{
	struct buf *block = &r->blocks[!r->current];
	uLongf len = part->raw_bytes;
	const char *fault;

	buf_reset(block);
	if (!buf_reserve(block, part->raw_bytes))
		return "no memory for the window";
	if (uncompress((Bytef *)block->data, &len, (const Bytef *)r->packed.data, part->bytes) !=
		    Z_OK ||
	    len != part->raw_bytes)
		return "the window cannot be unpacked";

	const struct snapshot *s = snapshot_check(block->data, len, &fault);

	if (s)
		fault = block_fault(part, s);
	if (fault)
		return fault;
	r->current = !r->current;
	*ret = s;
	return NULL;
}

enum recording_result recording_next(struct recording *r, const struct snapshot **ret, char *error,
				     size_t size)
{
	struct recording_part part;
	enum recording_result result = read_header(r, &part, error, size);

	if (result != RECORDING_WINDOW)
		return result;
	buf_reset(&r->packed);
	if (!buf_reserve(&r->packed, part.bytes))
		return damaged(r, "no memory for the window", error, size);

	int got = read_at(r, r->at + sizeof(part), r->packed.data, part.bytes);

	if (got < 0)
		return damaged(r, strerror(-got), error, size);
	if (got == 0)
		return cut(r, error, size);
	if (recording_crc(r->packed.data, part.bytes) != part.data_crc)
		return damaged(r, "the window is damaged", error, size);

	const char *fault = unpack(r, &part, ret);

	if (fault)
		return damaged(r, fault, error, size);
	r->at += sizeof(part) + part.bytes;
	return RECORDING_WINDOW;
}

void recording_rewind(struct recording *r)
{
	r->at = sizeof(r->head);
}

/* The last place all of whose windows end before that time, by halving. */
static uint64_t place_before(const struct recording *r, int64_t wall_ms)
{
	size_t from = 0, to = r->place_count;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (r->places[middle].latest_wall_ms < wall_ms)
			from = middle + 1;
		else
			to = middle;
	}
	return from ? r->places[from - 1].offset : sizeof(r->head);
}

enum recording_result recording_seek(struct recording *r, int64_t wall_ms,
				     const struct snapshot **ret, char *error, size_t size)
{
	struct recording_part part;
	enum recording_result result;

	r->at = place_before(r, wall_ms);
	while ((result = read_header(r, &part, error, size)) == RECORDING_WINDOW &&
	       part.end_wall_ms < wall_ms)
		r->at += sizeof(part) + part.bytes;
	return result == RECORDING_WINDOW ? recording_next(r, ret, error, size) : result;
}

void recording_close(struct recording *r)
{
	if (r->path && r->fd >= 0)
		close(r->fd);
	free(r->path);
	free(r->places);
	buf_free(&r->packed);
	buf_free(&r->blocks[0]);
	buf_free(&r->blocks[1]);
	*r = (struct recording){0};
}
