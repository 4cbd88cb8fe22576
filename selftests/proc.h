/* SPDX-License-Identifier: GPL-2.0 */
/* For the tests: small text files, and what /proc says of threads. */
#ifndef KCORO_SELFTESTS_PROC_H
#define KCORO_SELFTESTS_PROC_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* Reads the beginning of a small file as a text: its length or -errno. */
static inline ssize_t read_text(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	buf[0] = '\0';
	if (fd < 0)
		return -errno;
	n = read(fd, buf, size - 1);
	if (n < 0)
		n = -errno;
	else
		buf[n] = '\0';
	close(fd);
	return n;
}

static inline long read_long(const char *path)
{
	char buf[64];
	ssize_t n = read_text(path, buf, sizeof(buf));

	return n > 0 ? strtol(buf, NULL, 0) : n ? n : -ENODATA;
}

static inline int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, text, strlen(text));
	if (n < 0)
		n = -errno;
	close(fd);
	return n < 0 ? n : 0;
}

/* The letter of a process's or thread's state, or 0: there is none. */
static inline char state_of(pid_t tid)
{
	char path[64], buf[256];
	const char *p;

	snprintf(path, sizeof(path), "/proc/%d/stat", tid);
	read_text(path, buf, sizeof(buf));
	p = strrchr(buf, ')');
	return p && p[1] ? p[2] : '\0';
}

/* Whether a thread sleeps in that system call. */
static inline int sleeps_in(pid_t tid, long nr)
{
	char path[64], buf[256];

	snprintf(path, sizeof(path), "/proc/%d/syscall", tid);
	read_text(path, buf, sizeof(buf));
	if (buf[0] < '0' || buf[0] > '9' || strtol(buf, NULL, 10) != nr)
		return 0;
	return state_of(tid) == 'S';
}

#endif /* KCORO_SELFTESTS_PROC_H */
