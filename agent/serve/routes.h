// SPDX-License-Identifier: Apache-2.0
/* What is served where. */
#pragma once

#include "serve/answer.h"

struct route {
	const char *path;   /* one that ends with a slash is followed by a name */
	enum method method; /* METHOD_GET stands for HEAD too */
	bool open;	    /* no token is needed */
	bool whole;	    /* it tells of the machine as a whole: nothing for a tenant */
	void (*serve)(struct answer *a);
};

/*
 * The route of a path, and what follows it; a file of the dashboard is one too. NULL when there is
 * none.
 */
const struct route *route_find(const char *path, const char **ret_rest);
