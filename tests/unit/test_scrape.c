// SPDX-License-Identifier: Apache-2.0
/* Which of the two formats an Accept header asks for. */
#include "harness/harness.h"
#include "serve/scrape.h"

TEST(who_does_not_ask_gets_text)
{
	CHECK(!scrape_wants_openmetrics(NULL));
	CHECK(!scrape_wants_openmetrics(""));
	CHECK(!scrape_wants_openmetrics("*/*"));
	CHECK(!scrape_wants_openmetrics("text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"));
	CHECK(!scrape_wants_openmetrics("text/plain;version=0.0.4"));
}

TEST(prometheus_gets_what_it_likes_best)
{
	/* As versions 2.42, 2.5 and 3.0 send it. */
	CHECK(scrape_wants_openmetrics("application/openmetrics-text;version=1.0.0,"
				       "application/openmetrics-text;version=0.0.1;q=0.75,"
				       "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"));
	CHECK(scrape_wants_openmetrics("application/openmetrics-text; version=0.0.1,"
				       "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"));
	CHECK(scrape_wants_openmetrics(
		"application/openmetrics-text;version=1.0.0;"
		"escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.2"));
	CHECK(!scrape_wants_openmetrics("text/plain;version=0.0.4;q=0.5,"
					"application/openmetrics-text;version=1.0.0;q=0.2"));
}

TEST(weights_decide)
{
	CHECK(scrape_wants_openmetrics("application/openmetrics-text"));
	CHECK(scrape_wants_openmetrics("text/plain , APPLICATION/OpenMetrics-Text"));
	CHECK(!scrape_wants_openmetrics("text/plain, application/openmetrics-text; q=0.9"));
	CHECK(!scrape_wants_openmetrics("application/openmetrics-text;q=0"));
	CHECK(!scrape_wants_openmetrics("application/openmetrics-textual"));
	CHECK(!scrape_wants_openmetrics("x-application/openmetrics-text"));
}

TEST(nonsense_is_no_wish)
{
	CHECK(!scrape_wants_openmetrics(",,,;;;===,\"q=1"));
	CHECK(!scrape_wants_openmetrics("application/openmetrics-text;q=zero"));
	CHECK(!scrape_wants_openmetrics("application/openmetrics-text;q=-1,"));
	CHECK(!scrape_wants_openmetrics(";q=1;application/openmetrics-text"));
}
