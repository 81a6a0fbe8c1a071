// SPDX-License-Identifier: Apache-2.0
/*
 * A block that came from outside: refused, or safe to encode. Half of the inputs are the block
 * itself, the other half changes to a right one, six bytes each: where, and which number.
 */
#include <stdlib.h>
#include <string.h>

#include "encode/encode.h"
#include "encode/prometheus.h"
#include "snapshot/builder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct change {
	uint16_t word;
	uint32_t number;
} __attribute__((packed));

static const struct snapshot *right_block(void)
{
	static struct builder builder;
	static const struct snapshot *block;

	if (block)
		return block;
	builder_begin(&builder);
	builder.head.node = builder_string(&builder, "node");
	for (int scope = 0; scope < SCOPES; scope++) {
		const struct scope_info *info = &catalogue_scopes[scope];
		struct builder_row row = {0};

		for (int m = (int)info->first_metric; m < (int)info->end_metric; m++)
			builder_value(&row, (enum metric)m,
				      (union snapshot_value){.integer = (uint64_t)m % 3});
		for (int l = (int)info->first_label; l < (int)info->end_label; l++) {
			if (catalogue_labels[l].type == LABEL_STRING)
				builder_label_string(&builder, &row, (enum scope)scope,
						     (enum label)l, "x");
			else
				builder_label(&row, (enum scope)scope, (enum label)l, 1);
		}
		builder_add(&builder, (enum scope)scope, &row);
		builder_add(&builder, (enum scope)scope, &row);
	}
	block = builder_finish(&builder);
	return block;
}

static void apply(uint32_t *words, size_t count, const uint8_t *data, size_t size)
{
	struct change change;

	for (; size >= sizeof(change); data += sizeof(change), size -= sizeof(change)) {
		memcpy(&change, data, sizeof(change));
		words[change.word % count] = change.number;
	}
}

/* What no random input would have right. */
static void mend_head(struct snapshot *head, size_t size)
{
	head->magic = SNAPSHOT_MAGIC;
	head->version = SNAPSHOT_VERSION;
	head->catalogue = catalogue_fingerprint();
	head->bytes = size;
}

/* Twice: the second time its rows have been shown. */
static void scrape(struct buf *out, const struct snapshot *s)
{
	struct prometheus_wish wish = {.processes = 1, .groups = 1};
	struct tally tally = {0};

	for (int i = 0; i < 2; i++) {
		tally_add(&tally, s);
		wish.openmetrics = i;
		encode_prometheus(out, s, &tally, &wish, NULL);
	}
	tally_free(&tally);
}

static void check(void *block, size_t size)
{
	static const struct encode_view view = {.sort = METRIC_PROCESS_cpu_percent, .limit = 3};
	struct buf out = {0};
	const char *why;

	if (size >= sizeof(struct snapshot))
		mend_head(block, size);

	const struct snapshot *s = snapshot_check(block, size, &why);

	if (s) {
		encode_snapshot(&out, s, &view, NULL);
		scrape(&out, s);
	} else if (!why) {
		abort();
	}
	buf_free(&out);
}

/* The blocks are as large as their content: the sanitizer sees a read behind their end. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct snapshot *right = right_block();
	size_t bytes = size % 2 ? right->bytes : size;
	void *block = malloc(bytes ? bytes : 1);

	if (size % 2) {
		memcpy(block, right, bytes);
		apply(block, bytes / sizeof(uint32_t), data, size);
	} else if (size) {
		memcpy(block, data, size);
	}
	check(block, bytes);
	free(block);
	return 0;
}
