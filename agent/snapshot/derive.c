// SPDX-License-Identifier: Apache-2.0
#include "snapshot/derive.h"

#include <string.h>

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

/* Which metrics come from an input, as bits: what a row needs without a look at the catalogue. */
struct plan {
	bool made;
	uint64_t of_amount[DERIVE_MAX_INPUTS][SNAPSHOT_WORDS];
	uint64_t of_value[DERIVE_MAX_INPUTS][SNAPSHOT_WORDS];
};

static const struct plan *plan_of(enum scope scope)
{
	static struct plan plans[SCOPES];
	const struct scope_info *s = &catalogue_scopes[scope];
	struct plan *plan = &plans[scope];

	if (plan->made)
		return plan;
	for (unsigned id = 0; id < scope_metrics(scope); id++) {
		const struct metric_info *m = &catalogue_metrics[(unsigned)s->first_metric + id];
		unsigned i = (unsigned)(m->input - s->first_input);
		uint64_t *bits = needs_window(m->kind) ? plan->of_amount[i] : plan->of_value[i];

		bits[id / 64] |= 1ULL << (id % 64);
	}
	plan->made = true;
	return plan;
}

/* Puts the metrics of these inputs into the bits. */
static void add_metrics(const uint64_t of[][SNAPSHOT_WORDS], uint64_t inputs,
			uint64_t metrics[SNAPSHOT_WORDS])
{
	for (; inputs; inputs &= inputs - 1)
		for (int w = 0; w < SNAPSHOT_WORDS; w++)
			metrics[w] |= of[__builtin_ctzll(inputs)][w];
}

/* Rows that stand together mostly know the same inputs. */
static void add_present(const struct plan *plan, enum scope scope, const struct derive_inputs *in,
			uint64_t metrics[SNAPSHOT_WORDS])
{
	static struct {
		enum scope scope;
		uint64_t available;
		bool window;
		uint64_t metrics[SNAPSHOT_WORDS];
	} last;
	bool window = in->length_ns != 0;

	if (last.scope != scope || last.available != in->available || last.window != window) {
		memset(&last, 0, sizeof(last));
		last.scope = scope;
		last.available = in->available;
		last.window = window;
		add_metrics(plan->of_value, in->available, last.metrics);
		if (window)
			add_metrics(plan->of_amount, in->available, last.metrics);
	}
	for (int w = 0; w < SNAPSHOT_WORDS; w++)
		metrics[w] |= last.metrics[w];
}

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
	const struct plan *plan = plan_of(scope);
	uint64_t metrics[SNAPSHOT_WORDS] = {0};

	add_present(plan, scope, in, row->present);
	add_metrics(plan->of_value, in->available & ~in->zero_values, metrics);
	if (in->length_ns)
		add_metrics(plan->of_amount, in->available & ~in->zero_amounts, metrics);
	for (unsigned w = 0; w < SNAPSHOT_WORDS; w++) {
		for (uint64_t left = metrics[w]; left; left &= left - 1) {
			unsigned id = w * 64 + (unsigned)__builtin_ctzll(left);
			const struct metric_info *m =
				&catalogue_metrics[(unsigned)s->first_metric + id];

			builder_value(row, (enum metric)((unsigned)s->first_metric + id),
				      derive(m, in, (unsigned)(m->input - s->first_input)));
		}
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
