// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/harness.h"
#include "link/bundle.h"
#include "link/link.h"

static int ends[2];

TEST(a_block_arrives_as_it_was_sent_and_cannot_be_changed)
{
	static char block[300000];
	struct link_message m;

	memset(block, 'x', sizeof(block));
	CHECK_INT(link_pair(ends), 0);
	CHECK_INT(link_send_block(ends[0], LINK_SNAPSHOT, block, sizeof(block)), 0);
	CHECK_INT(link_receive(ends[1], &m), 1);
	CHECK_INT(m.kind, LINK_SNAPSHOT);
	CHECK_UINT(m.bytes, sizeof(block));
	CHECK(memcmp(m.block, block, sizeof(block)) == 0);
	CHECK(mprotect((void *)m.block, m.bytes, PROT_READ | PROT_WRITE) != 0);
	link_release(&m);
	CHECK(m.block == NULL);
}

TEST(a_number_and_a_text_arrive)
{
	struct link_message m;

	CHECK_INT(link_pair(ends), 0);
	CHECK_INT(link_send(ends[1], LINK_FAILED, 2, "port in use"), 0);
	CHECK_INT(link_receive(ends[0], &m), 1);
	CHECK_UINT(m.number, 2);
	CHECK_STRING(m.text, "port in use");
}

TEST(nothing_to_read_and_the_end_are_told_apart)
{
	struct link_message m;

	CHECK_INT(link_pair(ends), 0);
	CHECK_INT(link_receive(ends[0], &m), -EAGAIN);
	close(ends[1]);
	CHECK_INT(link_receive(ends[0], &m), 0);
}

TEST(a_reader_that_is_behind_makes_the_sender_give_up_not_wait)
{
	int result = 0;

	CHECK_INT(link_pair(ends), 0);
	for (int i = 0; i < 10000 && !result; i++)
		result = link_send(ends[0], LINK_STATUS, 1, NULL);
	CHECK_INT(result, -EAGAIN);
}

/* What a compromised peer could send. */
TEST(malformed_messages_are_refused)
{
	struct link_message m;
	char short_message[8] = {0}, long_message[4096] = {0};

	CHECK_INT(link_pair(ends), 0);
	CHECK(send(ends[1], short_message, sizeof(short_message), 0) > 0);
	CHECK_INT(link_receive(ends[0], &m), -EPROTO);
	CHECK(send(ends[1], long_message, sizeof(long_message), 0) > 0);
	CHECK_INT(link_receive(ends[0], &m), -EPROTO);
}

static void send_unsealed(int fd, size_t size)
{
	struct {
		uint32_t kind, has_block;
		uint64_t number;
		char text[512];
	} wire = {.kind = LINK_SNAPSHOT, .has_block = 1};
	char control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec part = {&wire, sizeof(wire)};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = sizeof(control)};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	int block = memfd_create("test", MFD_ALLOW_SEALING);

	CHECK(block >= 0 && ftruncate(block, (off_t)size) == 0);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &block, sizeof(int));
	CHECK(sendmsg(fd, &message, 0) > 0);
	close(block);
}

TEST(a_block_that_could_still_change_is_refused)
{
	struct link_message m;

	CHECK_INT(link_pair(ends), 0);
	send_unsealed(ends[0], 4096);
	CHECK_INT(link_receive(ends[1], &m), -EPROTO);
}

TEST(a_bundle_gives_back_its_entries)
{
	AUTO_BUF struct buf bundle = {0};
	const char *name, *text;
	size_t at = 0, len;

	bundle_add(&bundle, "a", "one", 3);
	bundle_add(&bundle, "empty", "", 0);
	bundle_add(&bundle, "nul", "x\0y", 3);
	CHECK_INT(bundle_next(bundle.data, bundle.len, &at, &name, &text, &len), 1);
	CHECK_STRING(name, "a");
	CHECK_STRING(text, "one");
	CHECK_INT(bundle_next(bundle.data, bundle.len, &at, &name, &text, &len), 1);
	CHECK_UINT(len, 0);
	CHECK_INT(bundle_next(bundle.data, bundle.len, &at, &name, &text, &len), 1);
	CHECK_UINT(len, 3);
	CHECK(memcmp(text, "x\0y", 4) == 0);
	CHECK_INT(bundle_next(bundle.data, bundle.len, &at, &name, &text, &len), 0);
}

TEST(a_bundle_cut_anywhere_is_refused)
{
	AUTO_BUF struct buf bundle = {0};
	const char *name, *text;
	size_t len;

	bundle_add(&bundle, "name", "text", 4);
	for (size_t cut = 1; cut < bundle.len; cut++) {
		size_t at = 0;

		CHECK_INT(bundle_next(bundle.data, cut, &at, &name, &text, &len), -1);
	}
}
