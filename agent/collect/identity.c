// SPDX-License-Identifier: Apache-2.0
#include "collect/identity.h"

#include <ctype.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

#define CONTAINER_ID_SHOWN 12
#define CONTAINER_ID_LENGTH 64

void identity_init(struct identity *id)
{
	*id = (struct identity){
		.users.limit = IDENTITY_MAX_USERS,
		.cgroups.limit = IDENTITY_MAX_CGROUPS,
		.cgroup_v1 = access("/sys/fs/cgroup/cgroup.controllers", F_OK) != 0,
	};
}

const char *identity_user(struct identity *id, uint32_t uid)
{
	char *known = table_get(&id->users, uid, 0);

	if (known)
		return *known ? known : NULL;

	struct passwd entry, *found = NULL;
	char buffer[4096];

	getpwuid_r(uid, &entry, buffer, sizeof(buffer), &found);

	/* An unknown uid is kept as an empty name: it is asked for once. */
	char *name = strdup(found ? found->pw_name : "");

	if (name && !table_put(&id->users, uid, 0, name)) {
		free(name);
		return NULL;
	}
	return name && *name ? name : NULL;
}

/* A run of 64 hexadecimal digits: how every runtime names a container. */
static const char *find_container_id(const char *path)
{
	size_t run = 0;

	for (const char *c = path; *c; c++) {
		run = isxdigit((unsigned char)*c) ? run + 1 : 0;
		if (run == CONTAINER_ID_LENGTH && !isxdigit((unsigned char)c[1]))
			return c + 1 - CONTAINER_ID_LENGTH;
	}
	return NULL;
}

/* The deepest path component that ends in .service or .scope. */
static char *find_unit(const char *path)
{
	const char *best = NULL;
	size_t best_length = 0;

	while (*path) {
		size_t length = strcspn(path += *path == '/', "/");
		bool service = length > 8 && memcmp(path + length - 8, ".service", 8) == 0;
		bool scope = length > 6 && memcmp(path + length - 6, ".scope", 6) == 0;

		if (service || scope) {
			best = path;
			best_length = length;
		}
		path += length;
	}
	return best ? strndup(best, best_length) : NULL;
}

/* kubepods/burstable/pod<uid>/..., or kubepods-burstable-pod<uid with _>.slice */
static char *find_pod(const char *path)
{
	const char *kube = strstr(path, "kubepods");
	const char *pod = kube ? strstr(kube + 8, "pod") : NULL;

	while (pod && !isxdigit((unsigned char)pod[3]))
		pod = strstr(pod + 3, "pod");
	if (!pod)
		return NULL;

	char *uid = strndup(pod + 3, strcspn(pod + 3, "/."));

	for (char *c = uid; c && *c; c++)
		if (*c == '_')
			*c = '-';
	return uid;
}

bool cgroup_parse(struct cgroup *ret, const char *path)
{
	const char *container = find_container_id(path);

	*ret = (struct cgroup){
		.path = strdup(path), .unit = find_unit(path), .pod = find_pod(path)};
	if (container)
		ret->container = strndup(container, CONTAINER_ID_SHOWN);
	return ret->path != NULL;
}

void cgroup_clear(struct cgroup *c)
{
	free(c->path);
	free(c->unit);
	free(c->container);
	free(c->pod);
	*c = (struct cgroup){0};
}

/* Lines are "number:controllers:path"; the unified hierarchy has number 0 and no controllers. */
static char *pick_path(char *lines, bool v1)
{
	char *best = NULL;

	for (char *line = lines, *next; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';

		char *controllers = strchr(line, ':');
		char *path = controllers ? strchr(controllers + 1, ':') : NULL;

		if (!path)
			continue;
		*path++ = '\0';
		if (v1 ? strcmp(controllers + 1, "memory") == 0 : controllers[1] == '\0')
			best = path;
	}
	return best;
}

static struct cgroup *read_cgroup(const struct identity *id, uint32_t pid)
{
	char name[64], text[8192];

	snprintf(name, sizeof(name), "/proc/%u/cgroup", pid);

	AUTO_CLOSE int fd = open(name, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (len <= 0)
		return NULL;
	text[len] = '\0';

	const char *path = pick_path(text, id->cgroup_v1);
	struct cgroup *c = path ? malloc(sizeof(*c)) : NULL;

	if (c && !cgroup_parse(c, path)) {
		cgroup_clear(c);
		free(c);
		c = NULL;
	}
	return c;
}

const struct cgroup *identity_cgroup(struct identity *id, uint64_t cgroup_id, uint32_t pid)
{
	struct cgroup *c = cgroup_id ? table_get(&id->cgroups, cgroup_id, 0) : NULL;

	if (c || !cgroup_id)
		return c;
	c = read_cgroup(id, pid);
	if (c && !table_put(&id->cgroups, cgroup_id, 0, c)) {
		cgroup_clear(c);
		free(c);
		c = NULL;
	}
	return c;
}

void identity_free(struct identity *id)
{
	void *item;
	size_t at = 0;

	while ((item = table_next(&id->users, &at)))
		free(item);
	at = 0;
	while ((item = table_next(&id->cgroups, &at))) {
		cgroup_clear(item);
		free(item);
	}
	table_free(&id->users);
	table_free(&id->cgroups);
}
