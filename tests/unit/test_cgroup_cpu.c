// SPDX-License-Identifier: Apache-2.0
/* The exact CPU time of all cgroups, out of folders made by hand. */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/harness.h"
#include "machine/cgroup_cpu.h"

static char root[] = "/tmp/probecast-cgroup-XXXXXX";
static struct cgroup_cpu cgroups;

static void put(const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", root, name);

	FILE *f = fopen(path, "we");

	CHECK(f != NULL && fputs(text, f) >= 0);
	CHECK_INT(fclose(f), 0);
}

static void use(const char *cgroup, unsigned long usec)
{
	char path[256], text[64];

	snprintf(path, sizeof(path), "%s/%s", root, cgroup);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/cpu.stat", cgroup);
	snprintf(text, sizeof(text), "usage_usec %lu\nuser_usec 1\n", usec);
	put(path, text);
}

static void end(const char *cgroup)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s/cpu.stat", root, cgroup);
	unlink(path);
	snprintf(path, sizeof(path), "%s/%s", root, cgroup);
	CHECK_INT(rmdir(path), 0);
}

static int remove_one(const char *path, const struct stat *about, int type, struct FTW *place)
{
	(void)about;
	(void)type;
	(void)place;
	return remove(path);
}

static void remove_root(void)
{
	nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void setup(void)
{
	CHECK(mkdtemp(root) != NULL);
	put("cgroup.controllers", "cpu memory\n");
	use("system.slice", 5000);
	use("user.slice", 100);
	cgroup_cpu_open(&cgroups, root);
	CHECK(cgroups.unified);
	CHECK(cgroup_cpu_read(&cgroups));
	CHECK_UINT(cgroups.total_ns, 0);
}

TEST(what_was_used_before_is_the_base)
{
	setup();
	use("system.slice", 5200);
	CHECK(cgroup_cpu_read(&cgroups));
	CHECK_UINT(cgroups.total_ns, 200000);
	cgroup_cpu_close(&cgroups);
	remove_root();
}

TEST(cgroups_come_and_go_and_the_sum_does_not_fall)
{
	setup();
	use("new.slice", 300);
	CHECK(cgroup_cpu_read(&cgroups));
	CHECK_UINT(cgroups.total_ns, 300000);
	end("new.slice");
	CHECK(cgroup_cpu_read(&cgroups));
	CHECK_UINT(cgroups.total_ns, 300000);
	CHECK_UINT(cgroups.known.count, 2);
	cgroup_cpu_close(&cgroups);
	remove_root();
}

TEST(only_the_root_of_all_is_the_machine)
{
	setup();
	cgroup_cpu_close(&cgroups);
	put("cgroup.type", "domain\n");
	cgroup_cpu_open(&cgroups, root);
	CHECK(!cgroups.unified);
	CHECK(!cgroup_cpu_read(&cgroups));
	remove_root();
}
