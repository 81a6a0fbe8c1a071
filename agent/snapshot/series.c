// SPDX-License-Identifier: Apache-2.0
#include "snapshot/series.h"

void series_counter(struct series *s, unsigned input, uint64_t reading)
{
	uint64_t bit = 1ULL << input;

	if (s->seeded & bit) {
		uint64_t last = s->last[input];

		s->amount[input] = reading >= last ? reading - last : reading;
		s->value[input] += s->amount[input];
		s->available |= bit;
	}
	s->seeded |= bit;
	s->last[input] = reading;
}

void series_steady(struct series *s, unsigned input, uint64_t reading)
{
	if (s->seeded >> input & 1 && reading < s->last[input])
		s->last[input] = reading;
	series_counter(s, input, reading);
}

void series_gauge(struct series *s, unsigned input, uint64_t value)
{
	s->value[input] = value;
	s->available |= 1ULL << input;
}

void series_amount(struct series *s, unsigned input, uint64_t amount)
{
	s->amount[input] = amount;
	s->value[input] += amount;
	s->available |= 1ULL << input;
}

void series_share(struct series *s, unsigned input, uint64_t part, uint64_t whole)
{
	if (whole)
		series_gauge(s, input, (uint64_t)((double)part / (double)whole * 1e5 + .5));
}

void series_derive(const struct series *s, struct builder_row *row, enum scope scope,
		   uint64_t length_ns, uint32_t cpus)
{
	struct derive_inputs in = {
		.amount = s->amount,
		.value = s->value,
		.available = s->available,
		.length_ns = length_ns,
		.cpus = cpus ? cpus : 1,
	};

	derive_row(row, scope, &in);
}
