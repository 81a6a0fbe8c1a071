// SPDX-License-Identifier: Apache-2.0
/* What paths of cgroups tell: as real runtimes and init systems make them. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collect/cgroup.h"
#include "harness/harness.h"

#define ID "4e1f5a9c0b7d3e2f6a8c9d0e1f2a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c"
#define UID "0f3a1c52-7b9d-4e21-9c55-1d2e3f4a5b6c"
#define UID_ "0f3a1c52_7b9d_4e21_9c55_1d2e3f4a5b6c"

static const struct {
	const char *path, *unit, *container, *pod;
} paths[] = {
	{"/", NULL, NULL, NULL},
	{"/init.scope", "init.scope", NULL, NULL},
	{"/system.slice/nginx.service", "nginx.service", NULL, NULL},
	{"/user.slice/user-1000.slice/session-3.scope", "session-3.scope", NULL, NULL},
	{"/user.slice/user-1000.slice/user@1000.service/app.slice/firefox.service",
	 "firefox.service", NULL, NULL},
	{"/docker/" ID, NULL, "4e1f5a9c0b7d", NULL},
	{"/docker/" ID "/init.scope", NULL, "4e1f5a9c0b7d", NULL},
	{"/system.slice/docker-" ID ".scope", NULL, "4e1f5a9c0b7d", NULL},
	{"/machine.slice/libpod-" ID ".scope/container", NULL, "4e1f5a9c0b7d", NULL},
	{"/user.slice/user-0.slice/session-1.scope/libpod_parent/libpod-" ID, "session-1.scope",
	 "4e1f5a9c0b7d", NULL},
	{"/kubepods/burstable/pod" UID "/" ID, NULL, "4e1f5a9c0b7d", UID},
	{"/kubepods/pod" UID "/" ID, NULL, "4e1f5a9c0b7d", UID},
	{"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" UID_
	 ".slice/cri-containerd-" ID ".scope",
	 NULL, "4e1f5a9c0b7d", UID},
	{"/kubepods.slice/kubepods-pod" UID_ ".slice/crio-" ID ".scope", NULL, "4e1f5a9c0b7d", UID},
	{"/kubepods.slice/kubepods-pod" UID_ ".slice", NULL, NULL, UID},
	{"/system.slice/k3s.service/kubepods/burstable/pod" UID "/" ID, "k3s.service",
	 "4e1f5a9c0b7d", UID},
	{"/not-a-container/" ID "0", NULL, NULL, NULL},
};

static void check_text(const char *path, const char *what, const char *actual, const char *expected)
{
	if (!actual != !expected || (actual && strcmp(actual, expected) != 0))
		harness_fail(__FILE__, __LINE__, "%s: %s is %s, not %s", path, what,
			     actual ? actual : "none", expected ? expected : "none");
}

TEST(paths_of_every_runtime)
{
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		struct cgroup c;

		CHECK(cgroup_parse(&c, paths[i].path));
		check_text(paths[i].path, "the unit", c.unit, paths[i].unit);
		check_text(paths[i].path, "the container", c.container, paths[i].container);
		check_text(paths[i].path, "the pod", c.pod_uid, paths[i].pod);
		cgroup_clear(&c);
	}
}

static void check_prefix(const struct cgroup *c, uint16_t end, const char *expected)
{
	char text[512];

	snprintf(text, sizeof(text), "%.*s", end, c->path);
	CHECK_STRING(text, expected);
}

TEST(each_group_knows_its_own_cgroup)
{
	struct cgroup c;

	CHECK(cgroup_parse(&c, "/system.slice/k3s.service/kubepods/pod" UID "/" ID "/nested"));
	check_prefix(&c, c.unit_end, "/system.slice/k3s.service");
	check_prefix(&c, c.pod_end, "/system.slice/k3s.service/kubepods/pod" UID);
	check_prefix(&c, c.container_end, "/system.slice/k3s.service/kubepods/pod" UID "/" ID);
	cgroup_clear(&c);
}

TEST(a_pod_has_the_name_that_the_kubelet_gave_its_logs)
{
	char logs[] = "/tmp/probecast-pods-XXXXXX", folder[256];
	struct cgroup c;

	CHECK(mkdtemp(logs) != NULL);
	snprintf(folder, sizeof(folder), "%s/shop_frontend-7d_" UID, logs);
	CHECK_INT(mkdir(folder, 0700), 0);
	CHECK(cgroup_parse(&c, "/kubepods/pod" UID "/" ID));
	cgroup_name_pod(&c, logs);
	CHECK_STRING(c.namespace, "shop");
	CHECK_STRING(c.pod, "frontend-7d");
	cgroup_clear(&c);
	rmdir(folder);
	CHECK(cgroup_parse(&c, "/kubepods/pod" UID "/" ID));
	cgroup_name_pod(&c, logs);
	CHECK(c.namespace == NULL);
	CHECK_STRING(c.pod, UID);
	cgroup_clear(&c);
	rmdir(logs);
}
