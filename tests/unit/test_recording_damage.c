// SPDX-License-Identifier: Apache-2.0
/* Recordings that are wrong: what was cut is read up to there, what was changed is refused. */
#include <string.h>

#include "unit/recorded.h"

static size_t window_end(const unsigned char *bytes, unsigned windows)
{
	struct recording_part part;
	size_t at = sizeof(struct recording_head);

	for (; windows; windows--) {
		memcpy(&part, bytes + at, sizeof(part));
		at += sizeof(part) + part.bytes;
	}
	return at;
}

TEST(a_file_cut_anywhere_is_read_up_to_there)
{
	static unsigned char bytes[RECORDED_MOST];
	enum recording_result result;
	size_t len;

	recorded_windows(3);
	recorded_finish();
	len = recorded_bytes(bytes);
	for (size_t cut = 0; cut < len; cut++) {
		int64_t whole = cut < sizeof(struct recording_head) ? -1 : 0;

		for (unsigned windows = 1; windows <= 3; windows++)
			whole += whole >= 0 && window_end(bytes, windows) <= cut;
		recorded_replace(bytes, cut);
		CHECK_INT(recorded_count(&result), whole);
		CHECK(whole < 0 || result == RECORDING_CUT);
	}
}

/* Each window that is read is compared with the one that was recorded, to the byte. */
TEST_TIMEOUT(a_file_with_any_bit_changed_is_refused_or_read_up_to_there, 60)
{
	static unsigned char bytes[RECORDED_MOST];
	enum recording_result result;
	size_t len;

	recorded_windows(3);
	recorded_finish();
	len = recorded_bytes(bytes);
	for (size_t i = 0; i < len; i++) {
		for (int bit = 0; bit < 8; bit++) {
			int64_t whole = i < sizeof(struct recording_head) ? -1 : 0, count;

			for (unsigned windows = 1; windows <= 3; windows++)
				whole += whole >= 0 && window_end(bytes, windows) <= i;
			bytes[i] ^= (unsigned char)(1 << bit);
			recorded_replace(bytes, len);
			count = recorded_count(&result);
			/* One in the index is found at once, one in its tail means there is none.
			 */
			CHECK(whole == 3 ? count == -1 || count == 3 : count == whole);
			CHECK(count < 0 || result != RECORDING_END);
			CHECK(whole == 3 || count < 0 || result == RECORDING_DAMAGED);
			bytes[i] ^= (unsigned char)(1 << bit);
		}
	}
}

static void seal_part(unsigned char *at, struct recording_part *part)
{
	part->crc = recording_crc(part, offsetof(struct recording_part, crc));
	memcpy(at, part, sizeof(*part));
}

/* The first window's header, changed and with the right checksum. */
static enum recording_result with_header(void (*change)(struct recording_part *part))
{
	static unsigned char bytes[RECORDED_MOST];
	struct recording_part part;
	enum recording_result result = RECORDING_END;
	size_t len, at = sizeof(struct recording_head);

	recorded_windows(1);
	recorded_finish();
	len = recorded_bytes(bytes);
	memcpy(&part, bytes + at, sizeof(part));
	change(&part);
	seal_part(bytes + at, &part);
	recorded_replace(bytes, len);
	CHECK_INT(recorded_count(&result), 0);
	return result;
}

static void most_packed(struct recording_part *part)
{
	part->bytes = UINT32_MAX;
}

static void most_raw(struct recording_part *part)
{
	part->raw_bytes = UINT32_MAX;
}

static void largest_block(struct recording_part *part)
{
	part->raw_bytes = SNAPSHOT_MAX_BYTES;
}

static void nothing_raw(struct recording_part *part)
{
	part->raw_bytes = 0;
}

static void nothing_packed(struct recording_part *part)
{
	part->bytes = 0;
}

static void one_byte_more(struct recording_part *part)
{
	part->raw_bytes++;
}

static void other_kind(struct recording_part *part)
{
	part->kind++;
}

static void other_seq(struct recording_part *part)
{
	part->number++;
}

static void other_time(struct recording_part *part)
{
	part->end_wall_ms++;
}

static void no_time(struct recording_part *part)
{
	part->end_wall_ms = INT64_MAX;
}

TEST(a_header_that_lies_is_refused)
{
	static void (*const lies[])(struct recording_part * part) = {
		most_packed,   most_raw,   largest_block, nothing_raw, nothing_packed,
		one_byte_more, other_kind, other_seq,	  other_time,  no_time,
	};

	for (size_t i = 0; i < sizeof(lies) / sizeof(*lies); i++)
		CHECK(with_header(lies[i]) == RECORDING_DAMAGED);
}

/* What is said of a file whose head is another; its checksum is right. */
static const char *head_refusal(void (*change)(struct recording_head *head))
{
	struct recording_head head;
	enum recording_result result;
	static unsigned char bytes[RECORDED_MOST];
	size_t len;

	recorded_windows(1);
	recorded_finish();
	len = recorded_bytes(bytes);
	memcpy(&head, bytes, sizeof(head));
	change(&head);
	head.crc = recording_crc(&head, offsetof(struct recording_head, crc));
	memcpy(bytes, &head, sizeof(head));
	recorded_replace(bytes, len);
	CHECK_INT(recorded_count(&result), -1);
	CHECK(strncmp(recorded_error + strlen(recorded_path), ": byte 0: ", 10) == 0);
	return recorded_error + strlen(recorded_path) + 10;
}

static void foreign(struct recording_head *head)
{
	head->magic++;
}

static void turned(struct recording_head *head)
{
	head->magic = __builtin_bswap64(head->magic);
}

static void newer(struct recording_head *head)
{
	head->version++;
}

static void other_catalogue(struct recording_head *head)
{
	head->catalogue ^= 1;
}

static void endless_node(struct recording_head *head)
{
	memset(head->node, 'x', sizeof(head->node));
}

TEST(a_foreign_head_is_refused_with_its_reason)
{
	CHECK_STRING(head_refusal(foreign), "not a recording");
	CHECK(strstr(head_refusal(turned), "the other byte order"));
	CHECK(strstr(head_refusal(newer), "another format"));
	CHECK(strstr(head_refusal(other_catalogue), "another catalogue of metrics"));
	CHECK(strstr(head_refusal(endless_node), "damaged"));
}

TEST(what_was_read_stays_when_the_next_is_wrong)
{
	const struct snapshot *s;
	struct recording_part part;
	static unsigned char bytes[RECORDED_MOST];
	size_t len, second;

	recorded_windows(2);
	recorded_finish();
	len = recorded_bytes(bytes);
	second = window_end(bytes, 1);
	memcpy(&part, bytes + second, sizeof(part));
	other_seq(&part);
	seal_part(bytes + second, &part);
	recorded_replace(bytes, len);
	recorded_open();
	CHECK(recording_next(&recording, &s, recorded_error, RECORDED_ERROR) == RECORDING_WINDOW);
	CHECK(recording_next(&recording, &s, recorded_error, RECORDED_ERROR) == RECORDING_DAMAGED);
	CHECK(strstr(recorded_error, "another window"));
	recorded_check(s, 1);
}
