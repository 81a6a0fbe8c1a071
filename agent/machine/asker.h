// SPDX-License-Identifier: Apache-2.0
/*
 * Asks filesystems how full they are. The call does not return while a network
 * filesystem does not answer, so it is made by a thread, and one that waits too
 * long is left alone with its filesystem: that is not asked again before the
 * call returns, and another thread asks the others.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/statvfs.h>

/* Threads at the most: as many filesystems can hang before no other is asked. */
#define ASKER_MAX_THREADS 16

/* How long a thread is waited for, and all together. */
#define ASKER_WAIT_MS 100
#define ASKER_WAIT_ALL_MS 200

/* One filesystem to ask. What is behind the lock is read by asker_look(). */
struct asked {
	char *point;	   /* owned */
	uint64_t mount_id; /* 0 when not known */
	unsigned references;
	/* Behind the asker's lock: */
	uint64_t since_ns;    /* boot clock: when the call began that has not returned; else 0 */
	uint64_t answered_ns; /* when the newest one returned; 0 before the first */
	int error;	      /* of the newest, 0 or a negative errno */
	struct statvfs about;
};

/* Asks the kernel; replaced by tests. Returns 0 or a negative errno. */
typedef int asker_call(int root_fd, const char *point, uint64_t mount_id, struct statvfs *ret);

/* The kernel's answer. -EXDEV: another mount lies over this one. */
asker_call asker_kernel;

struct asker {
	asker_call *call;
	int root_fd; /* directory to which points are relative; the caller's */
	pthread_mutex_t lock;
	pthread_cond_t finished;
	struct asker_thread *threads[ASKER_MAX_THREADS]; /* NULL: none */
};

/* NULL without memory. root_fd must outlive the asker. */
struct asker *asker_new(asker_call *call, int root_fd);

/*
 * Frees the asker; NULL is fine. While a call has not returned, its thread keeps what it needs.
 */
void asker_free(struct asker *a);

/* A new filesystem with one reference, the caller's; NULL without memory. */
struct asked *asked_new(const char *point, uint64_t mount_id);

/* Lets a filesystem go. */
void asked_drop(struct asker *a, struct asked *f);

/*
 * Asks those of the count filesystems whose last call has returned, and waits for the answers up to
 * ASKER_WAIT_ALL_MS. Some may not have been asked when it returns.
 */
void asker_ask(struct asker *a, struct asked *const *list, size_t count);

/* A copy of what is known of a filesystem; the pointer in it is not to be used. */
struct asked asker_look(struct asker *a, const struct asked *f);
