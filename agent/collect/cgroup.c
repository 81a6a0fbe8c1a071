// SPDX-License-Identifier: Apache-2.0
#include "collect/cgroup.h"

#include <ctype.h>
#include <dirent.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define CONTAINER_ID_SHOWN 12
#define CONTAINER_ID_LENGTH 64

/* A run of 64 hexadecimal digits: how every runtime names a container. */
static const char *find_container_id(const char *path)
{
	const char *found = NULL;
	size_t run = 0;

	for (const char *c = path; *c; c++) {
		run = isxdigit((unsigned char)*c) ? run + 1 : 0;
		if (run == CONTAINER_ID_LENGTH && !isxdigit((unsigned char)c[1]))
			found = c + 1 - CONTAINER_ID_LENGTH;
	}
	return found;
}

static bool ends_with(const char *text, size_t length, const char *end)
{
	size_t end_length = strlen(end);

	return length > end_length && memcmp(text + length - end_length, end, end_length) == 0;
}

/* Bytes of path up to the end of the component that at lies in. */
static uint16_t end_of_component(const char *path, const char *at)
{
	return (uint16_t)(at - path + (ptrdiff_t)strcspn(at, "/"));
}

/* The deepest component that ends in .service or .scope; a container, and what is in it, is no
 * unit. */
static void parse_unit(struct cgroup *c, const char *path)
{
	const char *best = NULL;
	size_t best_length = 0;

	for (const char *at = path; *at;) {
		size_t length = strcspn(at += *at == '/', "/");

		if (c->container_end && at + length - path >= c->container_end)
			break;
		if (ends_with(at, length, ".service") || ends_with(at, length, ".scope")) {
			best = at;
			best_length = length;
		}
		at += length;
	}
	if (!best)
		return;
	c->unit = strndup(best, best_length);
	c->unit_end = (uint16_t)(best - path + (ptrdiff_t)best_length);
}

static void parse_container(struct cgroup *c, const char *path)
{
	const char *id = find_container_id(path);

	if (!id)
		return;
	c->container = strndup(id, CONTAINER_ID_SHOWN);
	c->container_end = end_of_component(path, id);
}

/* kubepods/burstable/pod<uid>/..., or kubepods-burstable-pod<uid with _>.slice */
static void parse_pod(struct cgroup *c, const char *path)
{
	const char *kube = strstr(path, "kubepods");
	const char *pod = kube ? strstr(kube + 8, "pod") : NULL;

	while (pod && !isxdigit((unsigned char)pod[3]))
		pod = strstr(pod + 3, "pod");
	if (!pod)
		return;
	c->pod_end = end_of_component(path, pod);
	c->pod_uid = strndup(pod + 3, strcspn(pod + 3, "/."));
	for (char *d = c->pod_uid; d && *d; d++)
		if (*d == '_')
			*d = '-';
	c->pod = c->pod_uid ? strdup(c->pod_uid) : NULL;
}

bool cgroup_parse(struct cgroup *ret, const char *path)
{
	*ret = (struct cgroup){.path = strdup(path)};
	if (!ret->path || strlen(path) > UINT16_MAX)
		return false;
	parse_container(ret, path);
	parse_pod(ret, path);
	parse_unit(ret, path);
	return true;
}

/* NAMESPACE_NAME_UID: neither a namespace nor a name has an underscore. */
static bool take_folder(struct cgroup *c, const char *folder)
{
	const char *name = strchr(folder, '_'), *uid = name ? strchr(name + 1, '_') : NULL;

	if (!uid || strcmp(uid + 1, c->pod_uid) != 0)
		return false;
	free(c->pod);
	c->namespace = strndup(folder, (size_t)(name - folder));
	c->pod = strndup(name + 1, (size_t)(uid - name - 1));
	return true;
}

void cgroup_name_pod(struct cgroup *c, const char *logs)
{
	DIR *directory = c->pod_uid ? opendir(logs) : NULL;
	const struct dirent *entry;

	while (directory && (entry = readdir(directory)) && !take_folder(c, entry->d_name))
		;
	if (directory)
		closedir(directory);
}

void cgroup_clear(struct cgroup *c)
{
	free(c->path);
	free(c->unit);
	free(c->container);
	free(c->pod_uid);
	free(c->pod);
	free(c->namespace);
	*c = (struct cgroup){0};
}
