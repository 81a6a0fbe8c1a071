// SPDX-License-Identifier: Apache-2.0
/*
 * A test is a function: TEST(name) { ... }. It registers itself, runs in a
 * process of its own with a time limit, and ends at the first CHECK that fails,
 * printing both operands. Run one by giving part of its name as argument.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define TEST_DEFAULT_TIMEOUT_S 20

struct test {
	const char *name;
	void (*run)(void);
	unsigned timeout_s;
	struct test *next;
};

/* Puts a test behind those that are there. */
void harness_register(struct test *test);

/* Ends the test: failed, with a line; or skipped, with its reason. */
_Noreturn void harness_fail(const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
_Noreturn void harness_skip(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Compare, and end the test with both operands when they differ. text is the expression. */
void harness_int(const char *file, int line, const char *text, int64_t actual, int64_t expected);
void harness_uint(const char *file, int line, const char *text, uint64_t actual, uint64_t expected);
void harness_real(const char *file, int line, const char *text, double actual, double expected,
		  double tolerance);
void harness_string(const char *file, int line, const char *text, const char *actual,
		    const char *expected);

#define TEST_TIMEOUT(id, seconds)                                                                  \
	static void test_##id(void);                                                               \
	__attribute__((constructor)) static void register_##id(void)                               \
	{                                                                                          \
		static struct test test = {.name = #id, .run = test_##id, .timeout_s = (seconds)}; \
		harness_register(&test);                                                           \
	}                                                                                          \
	static void test_##id(void)

#define TEST(id) TEST_TIMEOUT(id, TEST_DEFAULT_TIMEOUT_S)

#define CHECK(condition) \
	((condition) ? (void)0 : harness_fail(__FILE__, __LINE__, "not true: %s", #condition))
#define CHECK_INT(actual, expected) \
	harness_int(__FILE__, __LINE__, #actual, (int64_t)(actual), (int64_t)(expected))
#define CHECK_UINT(actual, expected) \
	harness_uint(__FILE__, __LINE__, #actual, (uint64_t)(actual), (uint64_t)(expected))
#define CHECK_REAL(actual, expected, tolerance) \
	harness_real(__FILE__, __LINE__, #actual, (actual), (expected), (tolerance))
#define CHECK_STRING(actual, expected) \
	harness_string(__FILE__, __LINE__, #actual, (actual), (expected))
#define SKIP(...) harness_skip(__VA_ARGS__)
