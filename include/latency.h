/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Buckets of a latency histogram: log-linear, as in HdrHistogram. Each power of
 * two is cut into 16 equal buckets, so none is wider than a 16th of what it
 * holds; told by its middle, a latency is off by at most a 32nd (3.2 %). Below
 * 16 units of 256 ns a bucket is one unit, and the error at most 128 ns. What
 * takes longer than 68 s counts as 68 s.
 *
 * Include after <linux/types.h> (user space) or kernel.h (BPF).
 */
#pragma once

#define LATENCY_UNIT_BITS 8 /* 256 ns */
#define LATENCY_SUB_BITS 4  /* 16 buckets to a power of two */
#define LATENCY_RANGE_BITS 28
#define LATENCY_BUCKETS ((LATENCY_RANGE_BITS - LATENCY_SUB_BITS + 1) << LATENCY_SUB_BITS)

/*
 * What readers see of it: requests below each of 15 bounds, twice the one before, and above the
 * last. Each bound is the beginning of a bucket.
 */
#define LATENCY_BOUNDS 15
#define LATENCY_BOUND_NS(i) (1ULL << (16 + (i))) /* 66 us to 1.07 s */

/* Position of the highest bit of a number that is not 0; the BPF machine has no instruction. */
static inline __u32 latency_log2(__u32 v)
{
	__u32 r = (v > 0xffff) << 4, s;

	v >>= r;
	s = (v > 0xff) << 3;
	v >>= s;
	r |= s;
	s = (v > 0xf) << 2;
	v >>= s;
	r |= s;
	s = (v > 0x3) << 1;
	v >>= s;
	return r | s | v >> 1;
}

/* The bucket of a latency, 0 to LATENCY_BUCKETS - 1. */
static inline __u32 latency_bucket(__u64 ns)
{
	__u64 units = ns >> LATENCY_UNIT_BITS;
	__u32 shift;

	if (units >> LATENCY_RANGE_BITS)
		return LATENCY_BUCKETS - 1;
	if (units < 1 << LATENCY_SUB_BITS)
		return (__u32)units;
	shift = latency_log2((__u32)units) - LATENCY_SUB_BITS;
	return (shift << LATENCY_SUB_BITS) + ((__u32)units >> shift);
}

/* The middle of a bucket, in ns. */
static inline __u64 latency_middle(__u32 bucket)
{
	__u32 shift = bucket >> LATENCY_SUB_BITS;
	__u64 units = bucket;

	if (shift) {
		shift--;
		units -= shift << LATENCY_SUB_BITS;
	}
	return (2 * units + 1) << shift << (LATENCY_UNIT_BITS - 1);
}
