// SPDX-License-Identifier: Apache-2.0
#include "link/privilege.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/text.h"

#define DEFAULT_USER "probecast"

static bool number_user(const char *name, struct privilege_user *ret)
{
	uint64_t number;

	if (!text_u64(name, &number) || number == 0 || number >= UINT32_MAX)
		return false;
	*ret = (struct privilege_user){(uid_t)number, (gid_t)number};
	return true;
}

int privilege_server_user(const char *name, struct privilege_user *ret, char *error, size_t size)
{
	struct passwd *entry;

	if (geteuid() != 0) {
		*ret = (struct privilege_user){geteuid(), getegid()};
		return 0;
	}
	if (number_user(name, ret))
		return 0;
	entry = getpwnam(*name ? name : DEFAULT_USER);
	if (entry && entry->pw_uid != 0) {
		*ret = (struct privilege_user){entry->pw_uid, entry->pw_gid};
		return 0;
	}
	if (!*name) {
		*ret = (struct privilege_user){PRIVILEGE_SERVER_UID, PRIVILEGE_SERVER_UID};
		return 0;
	}
	snprintf(error, size, "server_user: %s: %s", name,
		 entry ? "the server must not run as root; name another user"
		       : "no such user; name one that exists, or a uid");
	return -1;
}

static int drop_bounding_set(void)
{
	for (int cap = 0; cap <= CAP_LAST_CAP; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) && errno != EINVAL)
			return -errno;
	return 0;
}

static int set_capabilities(const cap_value_t *keep, int count)
{
	cap_t caps = cap_init();
	int failed = 0;

	if (!caps)
		return -ENOMEM;
	if (count && (cap_set_flag(caps, CAP_PERMITTED, count, keep, CAP_SET) ||
		      cap_set_flag(caps, CAP_EFFECTIVE, count, keep, CAP_SET)))
		failed = -errno;
	if (!failed && cap_set_proc(caps))
		failed = -errno;
	cap_free(caps);
	return failed;
}

static int change_user(const struct privilege_user *user)
{
	if (geteuid() != 0)
		return 0;

	int failed = drop_bounding_set();

	if (failed)
		return failed;
	if (setgroups(0, NULL) || setresgid(user->gid, user->gid, user->gid) ||
	    setresuid(user->uid, user->uid, user->uid))
		return -errno;
	return 0;
}

int privilege_become(const struct privilege_user *user)
{
	int failed = change_user(user);

	if (failed)
		return failed;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) && errno != EINVAL)
		return -errno;
	failed = set_capabilities(NULL, 0);
	if (failed)
		return failed;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -errno : 0;
}

/*
 * Before 5.19 (c8644cd0efe7: bpf: refine kernel.unprivileged_bpf_disabled behaviour) every use of
 * bpf() needs CAP_BPF where unprivileged BPF is disabled, also reading what is loaded.
 */
static bool reading_needs_cap_bpf(void)
{
	struct utsname names;
	unsigned major = 0, minor = 0;

	if (uname(&names) || sscanf(names.release, "%u.%u", &major, &minor) != 2)
		return false;
	return major < 5 || (major == 5 && minor < 19);
}

static bool is_permitted(cap_value_t cap)
{
	cap_t caps = cap_get_proc();
	cap_flag_value_t value = CAP_CLEAR;
	bool permitted = caps && cap_get_flag(caps, cap, CAP_PERMITTED, &value) == 0 &&
			 value == CAP_SET;

	cap_free(caps);
	return permitted;
}

int privilege_drop(void)
{
	static const cap_value_t keep[] = {CAP_BPF, CAP_SETUID, CAP_SETGID, CAP_KILL, CAP_SETPCAP};
	int bpf = reading_needs_cap_bpf() && is_permitted(CAP_BPF) ? 1 : 0;
	int all = (int)(sizeof(keep) / sizeof(*keep));

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	if (geteuid() != 0)
		return set_capabilities(keep, bpf);
	return set_capabilities(keep + 1 - bpf, all - 1 + bpf);
}
