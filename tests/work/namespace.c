// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "work/socket.h"
#include "work/work.h"

static void unsupported(const char *what)
{
	work_report("unsupported", ",\"reason\":\"%s: %s\"", what, strerror(errno));
	exit(0);
}

/* unshare() moves only children; the process that was started waits for the one that works. */
void namespace_pids(void)
{
	if (unshare(CLONE_NEWPID))
		unsupported("a pid namespace");

	pid_t pid = fork();

	if (pid < 0)
		work_fail("fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		return;
	}
	work_wait(pid);
	exit(0);
}

/* 127.0.0.1 and ::1 come by themselves when the device is up. */
void namespace_network(void)
{
	struct ifreq request = {.ifr_name = "lo"};

	if (unshare(CLONE_NEWNET))
		unsupported("a network namespace");

	int fd = socket_open(AF_INET, SOCK_DGRAM, 0);

	if (ioctl(fd, SIOCGIFFLAGS, &request))
		work_fail("SIOCGIFFLAGS");
	request.ifr_flags |= IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &request))
		work_fail("SIOCSIFFLAGS");
	close(fd);
}
