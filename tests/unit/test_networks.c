// SPDX-License-Identifier: Apache-2.0
/* metrics.allow: who may read the metrics without a token. */
#include <stdio.h>

#include "config/config.h"
#include "harness/harness.h"

static struct config config;
static struct config_error error;

static int parse(const char *networks)
{
	char text[4096];

	snprintf(text, sizeof(text), "metrics: {allow: %s}\n", networks);
	return config_parse(&config, "test", text, strlen(text), &error);
}

static void begin(const char *networks)
{
	config_init(&config);
	if (parse(networks) < 0)
		harness_fail(__FILE__, __LINE__, "%s", error.text);
}

TEST(nobody_is_allowed_by_default)
{
	config_init(&config);
	CHECK_UINT(config.metrics.allow_count, 0);
	CHECK(config.metrics.token);
	CHECK(!config_allows_scrape(&config, "127.0.0.1"));
	CHECK(!config_allows_scrape(&config, "::"));
}

TEST(an_address_is_itself_alone)
{
	begin("[192.0.2.7, '2001:db8::1']");
	CHECK(config_allows_scrape(&config, "192.0.2.7"));
	CHECK(config_allows_scrape(&config, "2001:db8::1"));
	CHECK(config_allows_scrape(&config, "2001:0db8:0::0001"));
	CHECK(!config_allows_scrape(&config, "192.0.2.6"));
	CHECK(!config_allows_scrape(&config, "192.0.2.70"));
	CHECK(!config_allows_scrape(&config, "2001:db8::2"));
	CHECK(!config_allows_scrape(&config, "::"));
}

TEST(a_network_is_all_that_begins_with_its_bits)
{
	begin("[10.20.30.40/12, 'fd00:1:2::/47']");
	CHECK(config_allows_scrape(&config, "10.16.0.0"));
	CHECK(config_allows_scrape(&config, "10.31.255.255"));
	CHECK(!config_allows_scrape(&config, "10.32.0.0"));
	CHECK(!config_allows_scrape(&config, "10.15.255.255"));
	CHECK(config_allows_scrape(&config, "fd00:1:3:ffff::1"));
	CHECK(!config_allows_scrape(&config, "fd00:1:4::"));
}

/* A listener for both families tells addresses of IPv4 as those of IPv6. */
TEST(a_mapped_address_is_the_one_of_ipv4)
{
	begin("[192.0.2.0/24]");
	CHECK(config_allows_scrape(&config, "::ffff:192.0.2.99"));
	CHECK(!config_allows_scrape(&config, "::192.0.2.99"));
	begin("['::ffff:192.0.2.0/120']");
	CHECK(config_allows_scrape(&config, "192.0.2.99"));
	CHECK(!config_allows_scrape(&config, "192.0.3.99"));
}

TEST(zero_bits_are_everybody_of_that_family)
{
	begin("[0.0.0.0/0]");
	CHECK(config_allows_scrape(&config, "8.8.8.8"));
	CHECK(!config_allows_scrape(&config, "2001:db8::1"));
	begin("['::/0']");
	CHECK(config_allows_scrape(&config, "2001:db8::1"));
	CHECK(config_allows_scrape(&config, "8.8.8.8"));
}

TEST(what_is_no_address_is_not_allowed)
{
	static const char *const texts[] = {"", "unknown", "10.0.0", "10.0.0.1 ", "10.0.0.1/8"};

	begin("['::/0', 0.0.0.0/0]");
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		CHECK(!config_allows_scrape(&config, texts[i]));
}

TEST(a_wrong_network_is_refused_with_its_line)
{
	static const char *const wrong[] = {
		"[10.0.0.0/33]", "['fd00::/129']", "[10.0.0/8]",      "[example.org]", "['']",
		"[10.0.0.0/]",	 "[10.0.0.0/-1]",  "[10.0.0.0/8/8]",  "[[10.0.0.1]]",  "[{a: b}]",
		"10.0.0.0/8",	 "{a: b}",	   "['10.0.0.1\\n']", "[/8]",
	};

	begin("[10.0.0.1]");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		if (parse(wrong[i]) != -1)
			harness_fail(__FILE__, __LINE__, "%s is accepted", wrong[i]);
		CHECK(strncmp(error.text, "test:1: ", 8) == 0);
		CHECK_UINT(config.metrics.allow_count, 1);
	}
}

TEST(more_networks_than_there_is_room_for_are_refused)
{
	char list[2048] = "[10.0.0.0";

	for (int i = 1; i <= CONFIG_MAX_NETWORKS; i++)
		snprintf(list + strlen(list), sizeof(list) - strlen(list), ", 10.0.0.%d", i);
	snprintf(list + strlen(list), sizeof(list) - strlen(list), "]");
	config_init(&config);
	CHECK_INT(parse(list), -1);
	CHECK(strstr(error.text, "more than 64"));
}

TEST(networks_read_back_as_they_were_printed)
{
	struct config back;
	struct buf out = {0};

	begin("[10.20.30.40/12, 192.0.2.7, 'fd00::/8', '::/0', 0.0.0.0/0]");
	config_print(&config, &out);
	config_init(&back);
	CHECK_INT(config_parse(&back, "printed", out.data, out.len, &error), 0);
	CHECK_UINT(back.metrics.allow_count, 5);
	CHECK(memcmp(&back.metrics, &config.metrics, sizeof(back.metrics)) == 0);
	buf_free(&out);
}
