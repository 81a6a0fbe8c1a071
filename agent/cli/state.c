// SPDX-License-Identifier: Apache-2.0
#include "cli/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "serve/token.h"

#define PATH_BYTES 4200

static int fail(char *error, size_t size, const char *path, const char *advice)
{
	snprintf(error, size, "%s: %s; %s", path, strerror(errno), advice);
	return -1;
}

static int make_directories(const char *directory)
{
	char path[PATH_BYTES];

	if (!text_copy(path, sizeof(path), directory)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0755) && errno != EEXIST)
			return -1;
		*slash = '/';
	}
	return mkdir(path, 0755) && errno != EEXIST ? -1 : 0;
}

int state_prepare(const char *directory, char *error, size_t size)
{
	static const char advice[] = "name a directory that can be written with --state-dir";

	if (make_directories(directory))
		return fail(error, size, directory, advice);

	AUTO_CLOSE int probe = open(directory, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

	/* A file system without O_TMPFILE says so; access() is then the best there is. */
	if (probe < 0 && (errno == EOPNOTSUPP || errno == EISDIR) && access(directory, W_OK) == 0)
		return 0;
	return probe < 0 ? fail(error, size, directory, advice) : 0;
}

static int key_path(const char *directory, char path[PATH_BYTES], const char *suffix)
{
	int len = snprintf(path, PATH_BYTES, "%s/%s%s", directory, TOKEN_KEY_FILE, suffix);

	return len < 0 || len >= PATH_BYTES ? -1 : 0;
}

/* A key file that was cut or edited is refused: a weak key is worse than none. */
static int check_secret(const char *path, const char *secret, ssize_t len, char *error, size_t size)
{
	if (len >= STATE_SECRET_LENGTH - 1 &&
	    strspn(secret, "0123456789abcdef") == STATE_SECRET_LENGTH - 1)
		return 0;
	snprintf(error, size,
		 "%s: not a key of 64 hexadecimal digits; remove it and a new one is made", path);
	return -1;
}

int state_read_secret(const char *directory, char secret[STATE_SECRET_LENGTH], char *error,
		      size_t size)
{
	char path[PATH_BYTES], text[STATE_SECRET_LENGTH] = "";

	if (key_path(directory, path, "")) {
		errno = ENAMETOOLONG;
		return fail(error, size, directory, "name a shorter one");
	}

	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return fail(error, size, path,
			    "the agent makes this key when it starts without one of its own; is "
			    "--state-dir right?");

	ssize_t len = read(fd, text, sizeof(text) - 1);

	if (check_secret(path, text, len, error, size))
		return -1;
	memcpy(secret, text, STATE_SECRET_LENGTH);
	return 0;
}

/* Written beside and renamed into place: a crash leaves a whole key or none. */
static int make_secret(const char *directory, char *error, size_t size)
{
	char path[PATH_BYTES], fresh[PATH_BYTES], secret[STATE_SECRET_LENGTH + 1];

	if (key_path(directory, path, "") || key_path(directory, fresh, ".new") ||
	    token_random_secret(secret)) {
		errno = EIO;
		return fail(error, size, directory, "no random key could be made");
	}
	unlink(fresh);

	AUTO_CLOSE int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	secret[STATE_SECRET_LENGTH - 1] = '\n';
	if (fd < 0 || write(fd, secret, STATE_SECRET_LENGTH) != STATE_SECRET_LENGTH || fsync(fd) ||
	    rename(fresh, path))
		return fail(error, size, path, "the key cannot be stored");
	return 0;
}

int state_secret(const char *directory, char secret[STATE_SECRET_LENGTH], char *error, size_t size)
{
	char path[PATH_BYTES];

	if (key_path(directory, path, "") == 0 && access(path, F_OK) != 0 && errno == ENOENT &&
	    make_secret(directory, error, size))
		return -1;
	return state_read_secret(directory, secret, error, size);
}
