// SPDX-License-Identifier: Apache-2.0
/* Arguments as one line, and where they were cut. */
#include <stdlib.h>
#include <unistd.h>

#include "collect/arguments.h"
#include "harness/harness.h"

static void check(const char *bytes, size_t length, size_t room, const char *expected)
{
	char *text = arguments_text(bytes, length, room);

	CHECK_STRING(text, expected);
	free(text);
}

TEST(arguments_are_joined_by_blanks)
{
	check("ls\0-l\0/tmp", 11, 256, "ls -l /tmp");
	check("ls\0-l\0", 6, 256, "ls -l");
	check("one", 3, 256, "one");
	/* An empty argument in the middle, and a title that a program gave itself. */
	check("a\0\0b", 5, 256, "a  b");
	check("nginx: worker\0\0\0\0", 17, 256, "nginx: worker");
}

TEST(what_was_cut_says_so)
{
	check("abcdefgh", 8, 8, "abcdefgh...");
	check("abcdefg", 8, 8, "abcdefg");
}

TEST(no_arguments_are_none)
{
	CHECK(arguments_text("", 0, 256) == NULL);
	CHECK(arguments_text("\0\0\0", 3, 256) == NULL);
}

TEST(ones_own_are_read)
{
	char *text = arguments_read((uint32_t)getpid());

	CHECK(text != NULL && strstr(text, "test_arguments") != NULL);
	free(text);
	CHECK(arguments_read(0x7fffffff) == NULL);
}
