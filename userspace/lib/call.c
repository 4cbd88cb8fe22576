// SPDX-License-Identifier: MIT
/*
 * System calls with the library's convention of errors.
 */
#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <time.h>

#include "internal.h"

int kcoro_call(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) < 0 ? -errno : 0;
}

int kcoro_wait_readable(int fd, int64_t deadline_ns)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct timespec rest, now;
	int64_t ns;
	int n;

	if (deadline_ns) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		ns = deadline_ns - now.tv_sec * INT64_C(1000000000) -
		     now.tv_nsec;
		if (ns < 0)
			ns = 0;
		rest.tv_sec = ns / 1000000000;
		rest.tv_nsec = ns % 1000000000;
	}
	n = ppoll(&p, 1, deadline_ns ? &rest : NULL, NULL);
	if (n < 0)
		return -errno;
	if (!n)
		return -ETIMEDOUT;
	return p.revents & POLLNVAL ? -EBADF : 0;
}
