// SPDX-License-Identifier: Apache-2.0
/*
 * A recording: snapshots in a file, as they are, each packed by itself.
 *
 * Layout: a head, then one part per window, and on a clean close one part with
 * the index and a tail that says where it begins. Numbers are in the machine's
 * byte order. Head, part headers, data and tail each have a CRC-32, so that a
 * file that was cut off can be told from one that was changed. A recorder that
 * is killed leaves whole windows and at the most one that is cut.
 *
 * The reader trusts nothing: sizes have bounds, and each block goes through
 * snapshot_check().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include <zlib.h>

#include "base/buf.h"
#include "snapshot/snapshot.h"

#define RECORDING_MAGIC 0x43455245424f5250ULL /* "PROBEREC" where the low byte comes first */
#define RECORDING_TAIL_MAGIC 0x444e45434552ULL
#define RECORDING_VERSION 1
#define RECORDING_LEVEL 1 /* zlib's: 6 takes four times as long for a twentieth less */
#define RECORDING_NODE_BYTES 256

/* Places in the index at the most; a longer recording names every second window, every fourth... */
#define RECORDING_PLACES 4096

struct recording_head {
	uint64_t magic;
	uint32_t version;
	uint32_t catalogue; /* catalogue_fingerprint() of the recorder */
	char node[RECORDING_NODE_BYTES];
	uint32_t pad;
	uint32_t crc; /* of all before it */
};

enum recording_kind { RECORDING_KIND_WINDOW = 0x57444e57, RECORDING_KIND_INDEX = 0x58444e49 };

/* Stands before the data of a window, which is packed by zlib, and before the index. */
struct recording_part {
	uint32_t kind;
	uint32_t bytes;	    /* of the data behind this header */
	uint32_t raw_bytes; /* unpacked; of the index the same as bytes */
	uint32_t data_crc;
	uint64_t number;     /* seq of the window; in the index the count of windows */
	int64_t end_wall_ms; /* of the window; in the index the latest of all */
	uint32_t pad;
	uint32_t crc; /* of all before it */
};

/* An entry of the index. */
struct recording_place {
	uint64_t offset;	/* of the part of a window */
	int64_t latest_wall_ms; /* latest end of this window and those before: it never falls */
};

struct recording_tail {
	uint64_t magic;
	uint64_t index; /* offset of the part */
	uint32_t pad;
	uint32_t crc; /* of all before it */
};

/* CRC-32 as zlib makes it. */
uint32_t recording_crc(const void *bytes, size_t len);

struct recorder {
	int fd;
	char *path;	  /* owned */
	uint64_t bytes;	  /* of the file: up to the last whole window */
	uint64_t windows; /* so far */
	z_stream stream;
	struct buf out;
	int64_t latest_wall_ms;
	uint64_t stride; /* every so many windows have a place */
	size_t place_count;
	struct recording_place places[RECORDING_PLACES];
};

/*
 * Makes the file, with mode 0600: it holds what every user's processes do. One
 * that exists is an error, or with force is removed first. Returns 0, or -1
 * with one line in error (size bytes).
 */
int recorder_open(struct recorder *r, const char *path, const char *node, bool force, char *error,
		  size_t size);

/*
 * Writes one snapshot, given by parts as builder_end() gives them; the first
 * begins with the header. Returns 0, or -1 with one line in error; the file
 * then ends behind the last whole window.
 */
int recorder_append(struct recorder *r, const struct iovec *parts, int count, char *error,
		    size_t size);

/*
 * Writes the index and closes. Returns 0, or -1 with one line in error: the
 * file can be read nevertheless. Frees everything in any case.
 */
int recorder_close(struct recorder *r, char *error, size_t size);

struct recording {
	int fd;
	char *path; /* owned */
	struct recording_head head;
	bool closed;	  /* it has its index, so it was not cut off */
	uint64_t windows; /* all of them when closed, else 0 */
	uint64_t end;	  /* offset behind the last window when closed, else of the file's end */
	uint64_t at;	  /* offset of the next part */
	struct recording_place *places;
	size_t place_count;
	struct buf packed, blocks[2]; /* two: what was read last stays when the next is wrong */
	int current;
};

enum recording_result {
	RECORDING_WINDOW,
	RECORDING_END,
	RECORDING_CUT,	   /* the file ends here without having been closed */
	RECORDING_DAMAGED, /* this can be no window of this program */
};

/*
 * Opens a file and checks its head, and its index when it has one. Returns 0,
 * or -1 with one line in error: file, offset, reason.
 */
int recording_open(struct recording *r, const char *path, char *error, size_t size);

/*
 * Reads the next window into *ret, valid until the second call after this one.
 * Where there is none, one line stands in error (CUT, DAMAGED), *ret is
 * unchanged, and the next call says the same.
 */
enum recording_result recording_next(struct recording *r, const struct snapshot **ret, char *error,
				     size_t size);

/* Goes back to before the first window. */
void recording_rewind(struct recording *r);

/* Reads the first window that ends at this time or later; otherwise as recording_next(). */
enum recording_result recording_seek(struct recording *r, int64_t wall_ms,
				     const struct snapshot **ret, char *error, size_t size);

/* Closes and frees; one that was never opened (all zero) is fine. */
void recording_close(struct recording *r);
