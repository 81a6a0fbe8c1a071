// SPDX-License-Identifier: Apache-2.0
/* Latency buckets and percentiles against exact ones. */
#include <math.h>
#include <stdlib.h>

#include "harness/harness.h"
#include "machine/histogram.h"

#define SAMPLES 20000

static uint32_t buckets[LATENCY_BUCKETS];
static uint64_t samples[SAMPLES];

static uint64_t next_random(void)
{
	static uint64_t state = 88172645463325252ULL;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* What latency.h promises. */
static void check_error(uint64_t told, uint64_t truth)
{
	double error = fabs((double)told - (double)truth);

	if (error > (double)truth / 32 && error > 128)
		harness_fail(__FILE__, __LINE__, "%llu ns told as %llu", (unsigned long long)truth,
			     (unsigned long long)told);
}

TEST(buckets_follow_one_another_without_a_gap)
{
	uint32_t last = 0;

	for (uint64_t unit = 0; unit < 1 << 20; unit++) {
		uint32_t bucket = latency_bucket(unit << LATENCY_UNIT_BITS);

		CHECK(bucket == last || bucket == last + 1);
		last = bucket;
	}
}

TEST(the_middle_of_a_bucket_is_in_it)
{
	for (uint32_t i = 0; i < LATENCY_BUCKETS; i++)
		CHECK_UINT(latency_bucket(latency_middle(i)), i);
}

TEST(any_latency_is_told_within_a_32nd)
{
	uint64_t most = 1ULL << (LATENCY_UNIT_BITS + LATENCY_RANGE_BITS);

	for (int i = 0; i < 1000000; i++) {
		uint64_t ns = next_random() >> (28 + next_random() % 36);

		check_error(latency_middle(latency_bucket(ns)), ns);
	}
	check_error(latency_middle(latency_bucket(0)), 0);
	check_error(latency_middle(latency_bucket(most - 1)), most - 1);
	CHECK_UINT(latency_bucket(most), LATENCY_BUCKETS - 1);
	CHECK_UINT(latency_bucket(UINT64_MAX), LATENCY_BUCKETS - 1);
}

static int by_size(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* From 1 us to 1 s, most of them short; and n of them exactly alike. */
static void add_samples(size_t n)
{
	for (size_t i = 0; i < n; i++) {
		samples[i] =
			(uint64_t)exp(6.9 + 13.8 * pow((double)(next_random() % 1000) / 1e3, 3));
		buckets[latency_bucket(samples[i])]++;
	}
	qsort(samples, n, sizeof(*samples), by_size);
}

static void check_percentiles(size_t n)
{
	static const unsigned percents[] = {1, 50, 95, 99, 100};
	struct histogram h = {0};

	memset(buckets, 0, sizeof(buckets));
	add_samples(n);
	histogram_read(&h, buckets);
	CHECK_UINT(h.count, n);
	for (size_t i = 0; i < sizeof(percents) / sizeof(*percents); i++)
		check_error(histogram_percentile(&h, percents[i]),
			    samples[(n * percents[i] + 99) / 100 - 1]);
}

TEST(percentiles_are_those_of_the_samples)
{
	static const size_t counts[] = {1, 2, 3, 19, 20, 21, 99, 100, 101, 1000, SAMPLES};

	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		check_percentiles(counts[i]);
}

TEST(a_window_has_what_was_added_and_counters_wrap_around)
{
	struct histogram h = {0};

	memset(buckets, 0, sizeof(buckets));
	buckets[7] = UINT32_MAX - 1;
	histogram_read(&h, buckets);
	buckets[7] += 3;
	buckets[20] = 1;
	histogram_read(&h, buckets);
	CHECK_UINT(h.count, 4);
	CHECK_UINT(histogram_percentile(&h, 75), latency_middle(7));
	CHECK_UINT(histogram_percentile(&h, 76), latency_middle(20));
	histogram_read(&h, buckets);
	CHECK_UINT(h.count, 0);
}

TEST(between_two_bounds_is_each_request_that_took_so_long)
{
	struct histogram h = {0};
	uint64_t expected[LATENCY_BOUNDS + 1] = {0}, told[LATENCY_BOUNDS + 1];

	memset(buckets, 0, sizeof(buckets));
	for (int i = 0; i < SAMPLES; i++) {
		uint64_t ns = next_random() >> (28 + next_random() % 36), bound = 0;

		while (bound < LATENCY_BOUNDS && ns >= LATENCY_BOUND_NS(bound))
			bound++;
		expected[bound]++;
		buckets[latency_bucket(ns)]++;
	}
	histogram_read(&h, buckets);
	histogram_between_bounds(&h, told);
	for (int i = 0; i <= LATENCY_BOUNDS; i++) {
		CHECK(told[i] > 0);
		CHECK_UINT(told[i], expected[i]);
	}
}
