/* SPDX-License-Identifier: MIT */
/*
 * What the library's files share: how a system call's failure becomes a
 * negative errno value, and how a wait with a deadline is made.
 */
#ifndef KCORO_INTERNAL_H
#define KCORO_INTERNAL_H

#include <kcoro.h>

#define KCORO_PUBLIC __attribute__((visibility("default")))

/* Returns 0 or a negative errno value. */
int kcoro_call(int fd, unsigned long request, void *arg);

/*
 * Waits until @fd is readable.
 * Returns 0, -ETIMEDOUT, -EINTR or another negative errno value.
 */
int kcoro_wait_readable(int fd, int64_t deadline_ns);

static inline uint64_t kcoro_addr(const void *p)
{
	return (uintptr_t)p;
}

#endif /* KCORO_INTERNAL_H */
