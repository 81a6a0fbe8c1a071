// SPDX-License-Identifier: Apache-2.0
#include "collect/identity.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "machine/cgroup_stat.h"

#define POD_LOGS "/var/log/pods"

void identity_init(struct identity *id)
{
	*id = (struct identity){
		.users.limit = IDENTITY_MAX_USERS,
		.cgroups.limit = IDENTITY_MAX_CGROUPS,
		.cgroup_v1 = cgroup_is_v1(),
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

static struct cgroup *cgroup_new(const char *path)
{
	struct cgroup *c = malloc(sizeof(*c));

	if (!c || cgroup_parse(c, path))
		return c;
	cgroup_clear(c);
	free(c);
	return NULL;
}

/*
 * By a process in it. One that has ended is shown in the root, wherever it was (v1):
 * only for the root's own id is that the truth.
 */
static struct cgroup *read_cgroup(const struct identity *id, uint64_t cgroup_id, uint32_t pid)
{
	char name[64], text[8192];

	snprintf(name, sizeof(name), "/proc/%u/cgroup", pid);

	AUTO_CLOSE int fd = open(name, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (len <= 0)
		return NULL;
	text[len] = '\0';

	const char *path = pick_path(text, id->cgroup_v1);

	if (!path || (strcmp(path, "/") == 0 && cgroup_id != IDENTITY_ROOT_CGROUP))
		return NULL;
	return cgroup_new(path);
}

/* A pod's tenant is its namespace. */
static void set_tenant(const struct identity *id, struct cgroup *c)
{
	const char *name = id->tenancy && !c->pod_uid ? tenancy_find(id->tenancy, c->path) : NULL;

	if (name)
		c->namespace = strdup(name);
}

static struct cgroup *keep(struct identity *id, uint64_t cgroup_id, struct cgroup *c)
{
	if (!c)
		return NULL;
	c->id = cgroup_id;
	set_tenant(id, c);
	if (table_put(&id->cgroups, cgroup_id, 0, c))
		return c;
	cgroup_clear(c);
	free(c);
	return NULL;
}

struct cgroup *identity_cgroup(struct identity *id, uint64_t cgroup_id, uint32_t pid)
{
	struct cgroup *c = cgroup_id ? table_get(&id->cgroups, cgroup_id, 0) : NULL;

	if (!cgroup_id)
		return NULL;
	if (!c)
		c = keep(id, cgroup_id, read_cgroup(id, cgroup_id, pid));
	id->scan_wanted |= !c;
	/* The kubelet makes the folder of the logs at about the time of the first process. */
	if (c && c->pod_uid && !c->namespace)
		cgroup_name_pod(c, POD_LOGS);
	return c;
}

void identity_learn(struct identity *id, uint64_t cgroup_id, const char *path, uint64_t window)
{
	struct cgroup *c = table_get(&id->cgroups, cgroup_id, 0);

	if (!c)
		c = keep(id, cgroup_id, cgroup_new(path));
	if (c)
		c->used_window = window;
}

struct cgroup *identity_known(const struct identity *id, uint64_t cgroup_id)
{
	return cgroup_id ? table_get(&id->cgroups, cgroup_id, 0) : NULL;
}

/* path is the folder's, below root_length bytes of mount point; it is longer by a name on the way.
 */
static void scan_folder(struct identity *id, char *path, size_t root_length, uint64_t window)
{
	size_t length = strlen(path);
	DIR *directory = opendir(path);
	const struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		size_t name_length = strlen(entry->d_name);

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.' ||
		    length + name_length + 2 > PATH_MAX)
			continue;
		path[length] = '/';
		memcpy(path + length + 1, entry->d_name, name_length + 1);
		if (!identity_known(id, entry->d_ino))
			identity_learn(id, entry->d_ino, path + root_length, window);
		scan_folder(id, path, root_length, window);
		path[length] = '\0';
	}
	if (directory)
		closedir(directory);
}

void identity_scan(struct identity *id, uint64_t window)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/fs/cgroup%s", id->cgroup_v1 ? "/memory" : "");
	scan_folder(id, path, strlen(path), window);
	id->scan_wanted = false;
}

struct sweep {
	struct identity *identity;
	uint64_t window;
};

static bool cgroup_is_unused(void *context, void *item)
{
	const struct sweep *s = context;
	struct cgroup *c = item;

	if (s->window - c->used_window <= IDENTITY_KEPT_WINDOWS)
		return false;
	cgroup_clear(c);
	free(c);
	return true;
}

void identity_sweep(struct identity *id, uint64_t window)
{
	struct sweep s = {id, window};

	table_sweep(&id->cgroups, cgroup_is_unused, &s);
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
