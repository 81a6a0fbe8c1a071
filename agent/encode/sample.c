// SPDX-License-Identifier: Apache-2.0
#include "encode/sample.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Beyond this a double's ninth decimal is noise: it is written with six. */
#define FIXED_LIMIT 1e6
#define DECIMALS 1000000000U
#define DIGITS 9

/* As many decimals as nanoseconds have, without the zeros at their end. */
static char *put_decimals(char *to, uint32_t billionths)
{
	char *end = to + DIGITS + 1;

	*to = '.';
	for (char *at = end - 1; at > to; at--) {
		*at = (char)('0' + billionths % 10);
		billionths /= 10;
	}
	while (end[-1] == '0')
		end--;
	return end;
}

char *sample_put_value(char *to, double value)
{
	double size = fabs(value);

	if (isnan(value)) {
		memcpy(to, "NaN", 3);
		return to + 3;
	}
	if (isinf(value)) {
		memcpy(to, value < 0 ? "-Inf" : "+Inf", 4);
		return to + 4;
	}
	if (size >= FIXED_LIMIT)
		return put_real(to, value);

	uint64_t whole = (uint64_t)size;
	uint32_t billionths = (uint32_t)((size - (double)whole) * DECIMALS + 0.5);

	if (billionths == DECIMALS) {
		whole++;
		billionths = 0;
	}
	if (value < 0 && (whole || billionths))
		*to++ = '-';
	to = put_integer(to, whole);
	return billionths ? put_decimals(to, billionths) : to;
}

static void add_comment(struct buf *b, const char *word, const struct family *f, const char *suffix,
			const char *text)
{
	buf_add_string(b, word);
	buf_add_string(b, f->name);
	buf_add_string(b, suffix);
	buf_add_char(b, ' ');
	buf_add_string(b, text);
	buf_add_char(b, '\n');
}

void sample_head(struct buf *b, const struct family *f, bool openmetrics, const char *type)
{
	const char *suffix = f->counter && !openmetrics ? "_total" : "";

	add_comment(b, "# HELP ", f, suffix, f->help);
	add_comment(b, "# TYPE ", f, suffix, type);
	if (openmetrics && *f->unit)
		add_comment(b, "# UNIT ", f, suffix, f->unit);
}

struct sample_name sample_name_of(const struct family *f, const char *suffix)
{
	struct sample_name name;

	name.len = (size_t)snprintf(name.text, sizeof(name.text), "%s%s", f->name, suffix);
	return name;
}

char *sample_put(char *to, const struct sample_name *name, const char *labels, size_t len,
		 double value)
{
	memcpy(to, name->text, name->len);
	to += name->len;
	memcpy(to, labels, len);
	to += len;
	*to++ = ' ';
	to = sample_put_value(to, value);
	*to++ = '\n';
	return to;
}
