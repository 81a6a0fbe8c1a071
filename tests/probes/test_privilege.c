// SPDX-License-Identifier: Apache-2.0
/* What the two processes may and may not do, and what becomes of them when one is killed. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/harness.h"
#include "probes/agent.h"

static struct test_agent agent;

static void need_root(void)
{
	if (geteuid() != 0)
		SKIP("needs root");
}

/* A line of /proc/PID/status, as the text behind its name. */
static const char *status_field(pid_t pid, const char *name)
{
	static char line[256];
	char path[64];
	size_t len = strlen(name);

	snprintf(path, sizeof(path), "/proc/%d/status", pid);

	FILE *f = fopen(path, "re");

	CHECK(f != NULL);
	while (fgets(line, sizeof(line), f)) {
		if (strncmp(line, name, len) || line[len] != ':')
			continue;
		fclose(f);
		line[strcspn(line, "\n")] = '\0';
		return line + len + 2;
	}
	fclose(f);
	CHECK(!"no such field");
	return NULL;
}

TEST(the_server_has_another_uid_no_capability_and_a_filter)
{
	need_root();
	test_agent_start(&agent, "auto");

	pid_t server = test_agent_server(&agent, 0);
	unsigned real, effective, saved, fs;

	CHECK(test_agent_healthy(&agent, 5000));
	CHECK_INT(
		sscanf(status_field(server, "Uid"), "%u %u %u %u", &real, &effective, &saved, &fs),
		4);
	CHECK(real != 0 && effective == real && saved == real && fs == real);
	CHECK_STRING(status_field(server, "CapEff"), "0000000000000000");
	CHECK_STRING(status_field(server, "CapPrm"), "0000000000000000");
	CHECK_STRING(status_field(server, "CapInh"), "0000000000000000");
	CHECK_STRING(status_field(server, "CapBnd"), "0000000000000000");
	CHECK_STRING(status_field(server, "CapAmb"), "0000000000000000");
	CHECK_STRING(status_field(server, "NoNewPrivs"), "1");
	CHECK_STRING(status_field(server, "Seccomp"), "2");
	CHECK_INT(strspn(status_field(server, "Groups"), " 0123456789"),
		  strspn(status_field(server, "Groups"), " "));
	CHECK_INT(test_agent_stop(&agent), 0);
}

/* CAP_KILL, CAP_SETGID, CAP_SETUID, CAP_SETPCAP: bits 5 to 8. */
TEST(the_collector_keeps_only_what_restarts_the_server)
{
	need_root();
	test_agent_start(&agent, "auto");
	CHECK_STRING(status_field(agent.collector, "CapEff"), "00000000000001e0");
	CHECK_STRING(status_field(agent.collector, "CapPrm"), "00000000000001e0");
	CHECK_STRING(status_field(agent.collector, "NoNewPrivs"), "1");
	CHECK_INT(test_agent_stop(&agent), 0);
}

#ifdef __x86_64__
/* Makes the stopped process call openat(AT_FDCWD, path, O_RDONLY) and returns what the kernel says.
 */
static long inject_open(pid_t pid, const char *path)
{
	struct user_regs_struct saved, regs;
	long words[4] = {0}, code;
	int status;

	CHECK(strlen(path) < sizeof(words));
	memcpy(words, path, strlen(path));
	CHECK(ptrace(PTRACE_GETREGS, pid, NULL, &saved) == 0);
	regs = saved;

	/* Below the red zone of the stack, and over the instruction it stands at. */
	unsigned long at = (saved.rsp - 512) & ~15UL;

	for (size_t i = 0; i < 4; i++)
		CHECK(ptrace(PTRACE_POKEDATA, pid, at + i * 8, words[i]) == 0);
	errno = 0;
	code = ptrace(PTRACE_PEEKTEXT, pid, saved.rip, NULL);
	CHECK_INT(errno, 0);
	CHECK(ptrace(PTRACE_POKETEXT, pid, saved.rip, (code & ~0xffffL) | 0x050f) == 0);
	regs.rax = SYS_openat;
	regs.orig_rax = (unsigned long)-1;
	regs.rdi = (unsigned long)AT_FDCWD;
	regs.rsi = at;
	regs.rdx = O_RDONLY;
	CHECK(ptrace(PTRACE_SETREGS, pid, NULL, &regs) == 0);
	CHECK(ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) == 0);
	CHECK(waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status));
	CHECK(ptrace(PTRACE_GETREGS, pid, NULL, &regs) == 0);
	CHECK(ptrace(PTRACE_POKETEXT, pid, saved.rip, code) == 0);
	CHECK(ptrace(PTRACE_SETREGS, pid, NULL, &saved) == 0);
	return (long)regs.rax;
}

TEST(the_server_cannot_open_what_root_could)
{
	int status;

	need_root();
	test_agent_start(&agent, "auto");

	pid_t server = test_agent_server(&agent, 0);
	char key[128];

	CHECK(test_agent_healthy(&agent, 5000));
	snprintf(key, sizeof(key), "%s/hmac.key", agent.state_dir);
	CHECK(access("/etc/shadow", R_OK) == 0 && access(key, R_OK) == 0);
	if (ptrace(PTRACE_ATTACH, server, NULL, NULL))
		SKIP("ptrace is not permitted here");
	CHECK(waitpid(server, &status, __WALL) == server && WIFSTOPPED(status));

	long shadow = inject_open(server, "/etc/shadow");
	long passwd = inject_open(server, "/etc/passwd");

	CHECK(ptrace(PTRACE_DETACH, server, NULL, NULL) == 0);
	CHECK(shadow == -EACCES || shadow == -EPERM);
	/* The injected call itself works: what everybody may read it may, or the filter says no. */
	CHECK(passwd >= 0 || passwd == -EPERM);
	CHECK(test_agent_healthy(&agent, 5000));
	CHECK_INT(test_agent_stop(&agent), 0);
}
#endif

TEST_TIMEOUT(a_killed_server_is_started_again_ten_times, 120)
{
	pid_t server = 0;

	test_agent_start(&agent, "auto");
	for (int i = 0; i < 10; i++) {
		server = test_agent_server(&agent, server);
		CHECK(test_agent_healthy(&agent, 35000));
		CHECK(kill(server, SIGKILL) == 0);
		/* The backoff doubles with each death; a new agent is as good a victim. */
		if (i % 4 == 3) {
			CHECK_INT(test_agent_stop(&agent), 0);
			test_agent_start(&agent, "auto");
			server = 0;
		}
	}
	CHECK_INT(test_agent_stop(&agent), 0);
}

TEST_TIMEOUT(a_killed_collector_leaves_nothing_behind_ten_times, 120)
{
	for (int i = 0; i < 10; i++) {
		test_agent_start(&agent, "auto");

		pid_t server = test_agent_server(&agent, 0);

		CHECK(test_agent_healthy(&agent, 5000));
		CHECK(kill(agent.collector, SIGKILL) == 0);
		CHECK(waitpid(agent.collector, NULL, 0) == agent.collector);
		CHECK(test_is_gone(server, 5000));
	}
}

TEST(a_stopped_agent_leaves_no_process)
{
	test_agent_start(&agent, "auto");

	pid_t server = test_agent_server(&agent, 0);

	CHECK(test_agent_healthy(&agent, 5000));
	CHECK_INT(test_agent_stop(&agent), 0);
	CHECK(test_is_gone(server, 1000));
}
