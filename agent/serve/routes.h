// SPDX-License-Identifier: Apache-2.0
/* What is served where. */
#pragma once

#include "serve/http.h"
#include "serve/server.h"

struct route {
	const char *path;
	enum method method; /* METHOD_GET stands for HEAD too */
	bool open;	    /* no token is needed */
	void (*serve)(struct server *s, struct lws *wsi, struct peer *peer, struct http_request *r);
};

/* The route of a path; a file of the dashboard is one too. NULL when there is none. */
const struct route *route_find(const char *path);
