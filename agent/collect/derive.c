// SPDX-License-Identifier: Apache-2.0
#include "collect/derive.h"

#include "base/clock.h"

/* Seconds from ns, thousandths to ones; everything else is in base units already. */
static double scale(enum metric_unit unit)
{
	if (unit == UNIT_SECONDS)
		return 1e-9;
	return unit == UNIT_MILLI ? 1e-3 : 1;
}

static double real_value(const struct metric_info *m, const struct derive_inputs *in, unsigned i)
{
	double length = (double)in->length_ns;

	switch (m->kind) {
	case KIND_AMOUNT:
		return (double)in->amount[i] * scale(m->unit);
	case KIND_RATE:
		return (double)in->amount[i] / length * NS_PER_SECOND;
	case KIND_PERCENT:
		return (double)in->amount[i] / length * 100;
	case KIND_SHARE:
		return (double)in->amount[i] / length / in->cpus * 100;
	case KIND_SIGNED:
		return (double)(int64_t)in->value[i] * scale(m->unit);
	case KIND_GAUGE:
	case KIND_TOTAL:
		break;
	}
	return (double)in->value[i] * scale(m->unit);
}

static int needs_window(enum metric_kind kind)
{
	return kind == KIND_AMOUNT || kind == KIND_RATE || kind == KIND_PERCENT ||
	       kind == KIND_SHARE;
}

void derive_row(struct builder_row *row, enum scope scope, const struct derive_inputs *in)
{
	const struct scope_info *s = &catalogue_scopes[scope];

	for (int id = (int)s->first_metric; id < (int)s->end_metric; id++) {
		const struct metric_info *m = &catalogue_metrics[id];
		unsigned i = (unsigned)(m->input - s->first_input);
		union snapshot_value value = {0};

		if (!(in->available >> i & 1) || (needs_window(m->kind) && !in->length_ns))
			continue;
		if (m->real)
			value.real = real_value(m, in, i);
		else
			value.integer = m->kind == KIND_AMOUNT ? in->amount[i] : in->value[i];
		builder_value(row, (enum metric)id, value);
	}
}

uint64_t derive_inputs_of(enum scope scope, enum provider provider)
{
	const struct scope_info *s = &catalogue_scopes[scope];
	uint64_t bits = 0;

	for (int i = (int)s->first_input; i < (int)s->end_input; i++)
		if (catalogue_inputs[i].provider == provider)
			bits |= 1ULL << (i - (int)s->first_input);
	return bits;
}
