// SPDX-License-Identifier: Apache-2.0
#include "machine/asker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"

#define STACK_BYTES (256 * 1024)

struct asker_thread {
	struct asker *asker;
	pthread_t thread;
	size_t count;
	bool abandoned, finished; /* behind the asker's lock */
	struct asked *list[];	  /* a reference to each */
};

/* Hidden by another mount, its place would answer for that one. */
static bool is_hidden(int fd, uint64_t mount_id)
{
	struct statx about;

	if (!mount_id || statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID, &about))
		return false;
	return about.stx_mask & STATX_MNT_ID && about.stx_mnt_id != mount_id;
}

int asker_kernel(int root_fd, const char *point, uint64_t mount_id, struct statvfs *ret)
{
	const char *path = point + strspn(point, "/");

	AUTO_CLOSE int fd = openat(root_fd, *path ? path : ".", O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (is_hidden(fd, mount_id))
		return -EXDEV;
	return fstatvfs(fd, ret) ? -errno : 0;
}

struct asker *asker_new(asker_call *call, int root_fd)
{
	struct asker *a = calloc(1, sizeof(*a));
	pthread_condattr_t attributes;

	if (!a)
		return NULL;
	a->call = call;
	a->root_fd = root_fd;
	pthread_mutex_init(&a->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&a->finished, &attributes);
	pthread_condattr_destroy(&attributes);
	return a;
}

struct asked *asked_new(const char *point, uint64_t mount_id)
{
	struct asked *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->point = strdup(point);
	f->mount_id = mount_id;
	f->references = 1;
	if (f->point)
		return f;
	free(f);
	return NULL;
}

void asked_drop(struct asker *a, struct asked *f)
{
	pthread_mutex_lock(&a->lock);

	bool last = --f->references == 0;

	pthread_mutex_unlock(&a->lock);
	if (!last)
		return;
	free(f->point);
	free(f);
}

struct asked asker_look(struct asker *a, const struct asked *f)
{
	pthread_mutex_lock(&a->lock);

	struct asked copy = *f;

	pthread_mutex_unlock(&a->lock);
	return copy;
}

/* Called and left with the lock held. */
static void ask_one(struct asker *a, struct asked *f)
{
	struct statvfs about = {0};

	f->since_ns = clock_boot_ns();
	pthread_mutex_unlock(&a->lock);

	int error = a->call(a->root_fd, f->point, f->mount_id, &about);

	pthread_mutex_lock(&a->lock);
	f->since_ns = 0;
	f->answered_ns = clock_boot_ns();
	f->error = error;
	f->about = about;
}

static void *run_thread(void *argument)
{
	struct asker_thread *t = argument;
	struct asker *a = t->asker;

	pthread_mutex_lock(&a->lock);
	for (size_t i = 0; i < t->count && !t->abandoned; i++)
		if (!t->list[i]->since_ns)
			ask_one(a, t->list[i]);
	t->finished = true;
	pthread_cond_signal(&a->finished);
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

static void free_thread(struct asker_thread *t)
{
	for (size_t i = 0; i < t->count; i++)
		asked_drop(t->asker, t->list[i]);
	free(t);
}

/* Signals are the agent's business: the thread takes none. */
static int start_thread(struct asker_thread *t)
{
	pthread_attr_t attributes;
	sigset_t all, before;

	sigfillset(&all);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	pthread_sigmask(SIG_SETMASK, &all, &before);

	int failed = pthread_create(&t->thread, &attributes, run_thread, t);

	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return failed;
}

/* A thread for those that nobody asks and that were not asked since a time; NULL: none to ask. */
static struct asker_thread *new_thread(struct asker *a, struct asked *const *list, size_t count,
				       uint64_t since_ns)
{
	struct asker_thread *t = calloc(1, sizeof(*t) + count * sizeof(void *));

	if (!t)
		return NULL;
	t->asker = a;
	pthread_mutex_lock(&a->lock);
	for (size_t i = 0; i < count; i++) {
		if (list[i]->since_ns || list[i]->answered_ns >= since_ns)
			continue;
		list[i]->references++;
		t->list[t->count++] = list[i];
	}
	pthread_mutex_unlock(&a->lock);
	if (t->count && start_thread(t) == 0)
		return t;
	free_thread(t);
	return NULL;
}

/* Waits; then whoever has not finished is to end when its call returns. */
static bool wait_for(struct asker *a, struct asker_thread *t, int ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += ms * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	pthread_mutex_lock(&a->lock);
	while (!t->finished && pthread_cond_timedwait(&a->finished, &a->lock, &until) == 0)
		;
	t->abandoned = !t->finished;

	bool finished = t->finished;

	pthread_mutex_unlock(&a->lock);
	return finished;
}

/* Frees what has finished; returns a free place, NULL when all threads wait. */
static struct asker_thread **clean_up(struct asker *a)
{
	struct asker_thread **place = NULL;

	for (size_t i = 0; i < ASKER_MAX_THREADS; i++) {
		struct asker_thread *t = a->threads[i];

		pthread_mutex_lock(&a->lock);

		bool finished = t && t->finished;

		pthread_mutex_unlock(&a->lock);
		if (finished) {
			pthread_join(t->thread, NULL);
			free_thread(t);
			a->threads[i] = NULL;
		}
		if (!a->threads[i])
			place = &a->threads[i];
	}
	return place;
}

void asker_ask(struct asker *a, struct asked *const *list, size_t count)
{
	uint64_t now = clock_boot_ns();
	struct asker_thread **place = clean_up(a);

	for (int waited = 0; waited < ASKER_WAIT_ALL_MS && place; waited += ASKER_WAIT_MS) {
		*place = new_thread(a, list, count, now);
		if (!*place || wait_for(a, *place, ASKER_WAIT_MS))
			break;
		place = clean_up(a);
	}
	clean_up(a);
}

void asker_free(struct asker *a)
{
	bool waits = false;

	if (!a)
		return;
	clean_up(a);
	for (size_t i = 0; i < ASKER_MAX_THREADS; i++)
		waits |= a->threads[i] != NULL;
	if (waits)
		return;
	pthread_cond_destroy(&a->finished);
	pthread_mutex_destroy(&a->lock);
	free(a);
}
