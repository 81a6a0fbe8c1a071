// SPDX-License-Identifier: Apache-2.0
/* Which mounts are shown, out of texts as the kernel writes them. */
#include <stdio.h>
#include <stdlib.h>

#include "harness/harness.h"
#include "machine/mounts.h"

static struct mounts mounts;
static char *text;

static void parse(const char *content)
{
	mounts_free(&mounts);
	free(text);
	text = strdup(content);
	CHECK_INT(mounts_parse(&mounts, text), 0);
}

static const struct mount *at(const char *point)
{
	for (size_t i = 0; i < mounts.count; i++)
		if (strcmp(mounts.list[i].point, point) == 0)
			return &mounts.list[i];
	return NULL;
}

TEST(a_line_is_taken_apart)
{
	parse("36 35 8:17 / /data rw,noatime shared:1 master:2 - ext4 /dev/sdb1 "
	      "rw,errors=continue\n"
	      "37 35 0:44 / /nfs rw - nfs4 server:/export rw,vers=4.2\n");
	CHECK_UINT(mounts.count, 2);
	CHECK_UINT(at("/data")->id, 36);
	CHECK_UINT(at("/data")->device, 8 << 20 | 17);
	CHECK_STRING(at("/data")->type, "ext4");
	CHECK_STRING(at("/data")->source, "/dev/sdb1");
	CHECK_STRING(at("/nfs")->source, "server:/export");
}

TEST(names_are_decoded)
{
	parse("36 35 8:17 / /a\\040b\\011c\\012x\\134e rw - ext4 /dev/a\\040b rw\n"
	      "37 35 8:18 / /x\\9\\04 rw - ext4 /dev/\"<b>\" rw\n");
	CHECK(at("/a b\tc\nx\\e") != NULL);
	CHECK_STRING(at("/a b\tc\nx\\e")->source, "/dev/a b");
	CHECK_STRING(at("/x\\9\\04")->source, "/dev/\"<b>\"");
}

TEST(pseudo_filesystems_and_images_are_left_out)
{
	parse("1 0 254:0 / / rw - ext4 /dev/vda rw\n"
	      "2 1 0:20 / /proc rw - proc proc rw\n"
	      "3 1 0:21 / /sys rw - sysfs sysfs rw\n"
	      "4 3 0:22 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
	      "5 4 0:23 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
	      "6 1 7:1 / /snap/core/1 ro - squashfs /dev/loop1 ro\n"
	      "7 1 0:24 / /run rw - tmpfs tmpfs rw\n"
	      "8 1 0:25 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw\n"
	      "9 1 0:26 / /var/lib/kubelet/pods/x/volumes/kubernetes.io~secret/y rw - tmpfs tmpfs "
	      "rw\n"
	      "10 1 0:27 / /var/lib/kubelet/pods/x/volumes/kubernetes.io~empty-dir/z rw - tmpfs t "
	      "rw\n"
	      "11 1 0:28 / /run/containerd/io.containerd.grpc.v1.cri/sandboxes/x/shm rw - tmpfs "
	      "shm rw\n");
	CHECK_UINT(mounts.count, 3);
	CHECK(at("/") && at("/run"));
	CHECK(at("/var/lib/kubelet/pods/x/volumes/kubernetes.io~empty-dir/z") != NULL);
	parse("8 1 0:25 / / rw - overlay overlay rw\n");
	CHECK_UINT(mounts.count, 1);
}

TEST(a_device_is_shown_once_at_its_best_place)
{
	parse("1 0 254:0 /var/etc /etc/hosts rw - ext4 /dev/vda rw\n"
	      "2 0 254:0 / /mnt/whole/filesystem rw - ext4 /dev/vda rw\n"
	      "3 0 254:0 / /data rw - ext4 /dev/vda rw\n"
	      "4 0 254:0 /a /x rw - ext4 /dev/vda rw\n"
	      "5 0 254:1 /a /y rw - ext4 /dev/vdb rw\n");
	CHECK_UINT(mounts.count, 2);
	CHECK_UINT(at("/data")->id, 3);
	CHECK_UINT(at("/y")->id, 5);
}

TEST(what_lies_under_another_mount_is_not_shown)
{
	parse("1 0 254:0 / / rw - ext4 /dev/vda rw\n"
	      "2 1 254:1 / /data rw - ext4 /dev/vdb rw\n"
	      "3 2 254:2 / /data rw - xfs /dev/vdc rw\n"
	      "4 1 254:3 / /mnt rw - ext4 /dev/vdd rw\n"
	      "5 4 0:30 / /mnt rw - autofs systemd-1 rw\n");
	CHECK_UINT(mounts.count, 2);
	CHECK_UINT(at("/data")->id, 3);
	CHECK(at("/mnt") == NULL);
}

/* Cut anywhere: no line is half taken, and nothing behind the text is read. */
TEST(a_broken_text_does_no_harm)
{
	static const char whole[] = "36 35 8:17 / /a\\040b rw shared:1 - ext4 /dev/sdb1 rw\n";

	for (size_t len = 0; len < sizeof(whole); len++) {
		free(text);
		text = malloc(len + 2);
		CHECK(text != NULL);
		memcpy(text, whole, len);
		text[len] = len && text[len - 1] == '\n' ? '\0' : '\n';
		text[len + 1] = '\0';
		mounts_free(&mounts);
		CHECK_INT(mounts_parse(&mounts, text), 0);
		CHECK(mounts.count <= 1);
		CHECK(mounts.count == 0 || strcmp(mounts.list[0].point, "/a b") == 0);
	}
	parse("");
	CHECK_UINT(mounts.count, 0);
	parse("\n\n   \n - \n1 2 x / / rw - ext4 y z\n1 2 3:4 / / - ext4 y z\n");
	CHECK_UINT(mounts.count, 1);
}
