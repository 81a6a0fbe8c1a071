// SPDX-License-Identifier: Apache-2.0
/* Any bytes as a snapshot: refused, or safe to encode. */
#include <stdlib.h>
#include <string.h>

#include "encode/encode.h"
#include "snapshot/snapshot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct encode_view view = {METRIC_PROCESS_cpu_percent, 3};
	void *block = aligned_alloc(8, (size + 15) & ~7UL);
	struct snapshot *head = block;
	struct buf out = {0};
	const char *why;

	memcpy(block, data, size);
	/* What no random input would have right. */
	if (size >= sizeof(*head)) {
		head->magic = SNAPSHOT_MAGIC;
		head->version = SNAPSHOT_VERSION;
		head->catalogue = catalogue_fingerprint();
		head->bytes = size;
	}

	const struct snapshot *s = snapshot_check(block, size, &why);

	if (s)
		encode_snapshot(&out, s, &view, NULL);
	buf_free(&out);
	free(block);
	return 0;
}
