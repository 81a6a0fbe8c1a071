// SPDX-License-Identifier: Apache-2.0
/* One HTTP request, as the routes see it. */
#pragma once

#include <stdbool.h>

#define HTTP_MAX_BODY 65536
#define HTTP_MAX_PATH 512

enum method { METHOD_GET, METHOD_HEAD, METHOD_POST, METHOD_OTHER };

struct http_request {
	enum method method;
	char path[HTTP_MAX_PATH];
	bool has_body;	/* with a length above 0 */
	bool too_large; /* above HTTP_MAX_BODY */
	int result;	/* what the route's answer returned, for libwebsockets */
};
