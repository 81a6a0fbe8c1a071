// SPDX-License-Identifier: Apache-2.0
#include "machine/histogram.h"

void histogram_read(struct histogram *h, const uint32_t buckets[LATENCY_BUCKETS])
{
	h->count = 0;
	for (uint32_t i = 0; i < LATENCY_BUCKETS; i++) {
		h->amount[i] = buckets[i] - h->last[i];
		h->last[i] = buckets[i];
		h->count += h->amount[i];
	}
}

uint64_t histogram_percentile(const struct histogram *h, unsigned percent)
{
	uint64_t rank = (h->count * percent + 99) / 100, seen = 0;
	uint32_t i = 0;

	while (i < LATENCY_BUCKETS - 1 && (seen += h->amount[i]) < rank)
		i++;
	return latency_middle(i);
}

void histogram_between_bounds(const struct histogram *h, uint64_t ret[LATENCY_BOUNDS + 1])
{
	uint32_t bucket = 0;

	for (uint32_t i = 0; i <= LATENCY_BOUNDS; i++) {
		uint32_t end = i < LATENCY_BOUNDS ? latency_bucket(LATENCY_BOUND_NS(i))
						  : LATENCY_BUCKETS;

		ret[i] = 0;
		while (bucket < end)
			ret[i] += h->amount[bucket++];
	}
}
