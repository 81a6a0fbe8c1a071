// SPDX-License-Identifier: Apache-2.0
#include "machine/mounts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "base/text.h"

/* Filesystems that hold nobody's files, and images that are full by their nature. */
static const char *const skipped_types[] = {
	"autofs",     "binfmt_misc", "bpf",	   "cgroup",	  "cgroup2",
	"configfs",   "cramfs",	     "debugfs",	   "devpts",	  "devtmpfs",
	"efivarfs",   "erofs",	     "fusectl",	   "hugetlbfs",	  "iso9660",
	"mqueue",     "nsfs",	     "proc",	   "pstore",	  "ramfs",
	"rootfs",     "rpc_pipefs",  "securityfs", "selinuxfs",	  "smackfs",
	"squashfs",   "sysfs",	     "tracefs",	   "udf",	  "xenfs",
	"fuse.lxcfs", "resctrl",     "nfsd",	   "fuse.portal", "fuse.gvfsd-fuse",
};

/*
 * Small ones in memory, of which a node has several for each of its pods, and what hides parts of
 * /proc and /sys.
 */
static const char *const skipped_tmpfs[] = {
	"/proc/*",
	"/sys/*",
	"/run/credentials/*",
	"/run/containerd/*",
	"/run/k3s/containerd/*",
	"/var/lib/docker/containers/*",
	"/var/lib/containers/*",
	"*/kubernetes.io~secret/*",
	"*/kubernetes.io~projected/*",
};

static bool is_skipped(const struct mount *m)
{
	/* The roots of containers: their files are on a disk that is shown. */
	if (strcmp(m->type, "overlay") == 0)
		return strcmp(m->point, "/") != 0;
	for (size_t i = 0; i < sizeof(skipped_types) / sizeof(*skipped_types); i++)
		if (strcmp(m->type, skipped_types[i]) == 0)
			return true;
	if (strcmp(m->type, "tmpfs") != 0)
		return false;
	for (size_t i = 0; i < sizeof(skipped_tmpfs) / sizeof(*skipped_tmpfs); i++)
		if (text_glob(skipped_tmpfs[i], m->point))
			return true;
	return false;
}

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* Space, tab, newline and backslash stand as \040, \011, \012 and \134. */
static void unescape(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (text[0] == '\\' && is_octal(text[1]) && is_octal(text[2]) &&
		    is_octal(text[3])) {
			*to++ = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 |
				       (text[3] - '0'));
			text += 3;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}

/* Ends the next word at its space and steps behind it; NULL when there is none. */
static char *next_word(char **at)
{
	char *word = *at, *end = word ? strchr(word, ' ') : NULL;

	if (!end)
		return NULL;
	*end = '\0';
	*at = end + 1;
	return word;
}

/* "36 35 98:0 /root /point rw,noatime shared:1 - ext3 /dev/root rw": any words before the dash. */
static bool parse_line(char *line, struct mount *ret)
{
	const char *id = next_word(&line), *parent = next_word(&line), *device = next_word(&line);
	const char *root = next_word(&line), *word;
	unsigned major, minor;

	ret->point = next_word(&line);
	while ((word = next_word(&line)) && strcmp(word, "-") != 0)
		;
	ret->type = next_word(&line);
	ret->source = next_word(&line);
	if (!parent || !ret->source || sscanf(device, "%u:%u", &major, &minor) != 2)
		return false;
	ret->id = strtoull(id, NULL, 10);
	ret->device = major << 20 | minor;
	ret->whole = strcmp(root, "/") == 0;
	unescape(ret->point);
	unescape(ret->source);
	return true;
}

/* FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/ */
static uint64_t hash_of(const char *text)
{
	uint64_t hash = 14695981039346656037ULL;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 1099511628211ULL;
	return hash;
}

/* The later mount on the same place hides the one before it. */
static bool hide_covered(struct table *places, struct mount *m)
{
	uint64_t hash = hash_of(m->point);
	struct mount *below = table_get(places, hash, 0);

	if (below && strcmp(below->point, m->point) == 0) {
		below->type = NULL;
		table_remove(places, hash, 0);
		below = NULL;
	}
	return below || table_put(places, hash, 0, m);
}

/* The whole filesystem tells more than a directory that is bound from it; then the shortest. */
static bool is_better(const struct mount *a, const struct mount *b)
{
	if (a->whole != b->whole)
		return a->whole;
	return strlen(a->point) < strlen(b->point);
}

static bool keep_best(struct table *devices, struct mount *m)
{
	struct mount *other = table_get(devices, m->device, 0);

	if (!other)
		return table_put(devices, m->device, 0, m);
	if (is_better(m, other)) {
		struct mount kept = *m;

		*m = *other;
		*other = kept;
	}
	m->type = NULL;
	return true;
}

/* Takes out what has lost its type. */
static void close_gaps(struct mounts *m)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->count; i++)
		if (m->list[i].type)
			m->list[kept++] = m->list[i];
	m->count = kept;
}

static int choose(struct mounts *m)
{
	struct table places = {0}, devices = {0};
	bool good = true;

	for (size_t i = 0; i < m->count && good; i++)
		good = hide_covered(&places, &m->list[i]);
	for (size_t i = 0; i < m->count && good; i++)
		if (m->list[i].type && is_skipped(&m->list[i]))
			m->list[i].type = NULL;
	for (size_t i = 0; i < m->count && good; i++)
		if (m->list[i].type)
			good = keep_best(&devices, &m->list[i]);
	table_free(&places);
	table_free(&devices);
	close_gaps(m);
	return good ? 0 : -ENOMEM;
}

int mounts_parse(struct mounts *ret, char *text)
{
	size_t lines = 0;

	for (const char *c = text; (c = strchr(c, '\n')); c++)
		lines++;
	*ret = (struct mounts){.list = calloc(lines + 1, sizeof(*ret->list))};
	if (!ret->list)
		return -ENOMEM;
	for (char *end; (end = strchr(text, '\n')); text = end + 1) {
		*end = '\0';
		ret->count += parse_line(text, &ret->list[ret->count]);
	}
	if (choose(ret) == 0)
		return 0;
	mounts_free(ret);
	return -ENOMEM;
}

void mounts_free(struct mounts *m)
{
	free(m->list);
	*m = (struct mounts){0};
}
