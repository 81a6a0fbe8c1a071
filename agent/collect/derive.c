// SPDX-License-Identifier: Apache-2.0
#include "collect/derive.h"

#include "base/clock.h"

/* Seconds from ns, ones from thousandths; everything else is in base units already. */
static double scale(enum metric_unit unit)
{
	if (unit == UNIT_SECONDS)
		return 1e-9;
	return unit == UNIT_MILLI || unit == UNIT_PERCENT ? 1e-3 : 1;
}

/* The value of a metric that comes from something that is not 0. */
static double real_value(const struct metric_info *m, const struct derive_inputs *in, unsigned i)
{
	double length = (double)in->length_ns;

	switch (m->kind) {
	case KIND_AMOUNT:
		return (double)in->amount[i] * scale(m->unit);
	case KIND_RATE:
		return (double)in->amount[i] / length * NS_PER_SECOND * scale(m->unit);
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

/* Most numbers of most rows are 0, and then so is what comes from them: no arithmetic. */
static union snapshot_value derive(const struct metric_info *m, const struct derive_inputs *in,
				   unsigned i)
{
	uint64_t from = needs_window(m->kind) ? in->amount[i] : in->value[i];
	union snapshot_value value = {.integer = from};

	if (from && m->real)
		value.real = real_value(m, in, i);
	return value;
}

void derive_row(struct builder_row *row, enum scope scope, const struct derive_inputs *in)
{
	const struct scope_info *s = &catalogue_scopes[scope];
	const struct metric_info *m = &catalogue_metrics[s->first_metric];
	unsigned count = (unsigned)scope_metrics(scope);

	for (unsigned id = 0; id < count; id++, m++) {
		unsigned i = (unsigned)(m->input - s->first_input);

		if (!(in->available >> i & 1) || (needs_window(m->kind) && !in->length_ns))
			continue;
		row->present[id / 64] |= 1ULL << (id % 64);
		row->values[id] = derive(m, in, i);
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
