// SPDX-License-Identifier: MIT
/*
 * The end of tasks, and their state.
 *
 * A read has no deadline, so a wait that has one is a poll before the read.
 * Without a deadline it is the read alone: then several threads may take
 * exits from one context.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

/* Returns the number of bytes read or a negative errno value. */
static ssize_t wait_and_read(int fd, void *buf, size_t size,
			     int64_t deadline_ns)
{
	ssize_t n;
	int err;

	if (deadline_ns) {
		err = kcoro_wait_readable(fd, deadline_ns);
		if (err)
			return err;
	}
	n = read(fd, buf, size);
	return n < 0 ? -errno : n;
}

KCORO_PUBLIC int kcoro_join(int task, struct kcoro_exit *exit,
			    int64_t deadline_ns)
{
	ssize_t n = wait_and_read(task, exit, sizeof(*exit), deadline_ns);

	if (n < 0)
		return n;
	/* Only something that is no task gives less. */
	return n == sizeof(*exit) ? 0 : -EBADF;
}

KCORO_PUBLIC int kcoro_next_exits(int ctx, struct kcoro_exit *exits,
				  unsigned int max, int64_t deadline_ns)
{
	ssize_t n;

	if (!max)
		return -EINVAL;
	n = wait_and_read(ctx, exits, max * sizeof(*exits), deadline_ns);
	return n < 0 ? (int)n : (int)(n / (ssize_t)sizeof(*exits));
}

KCORO_PUBLIC int kcoro_task_info(int task, struct kcoro_task_info *info)
{
	memset(info, 0, sizeof(*info));
	return kcoro_call(task, KCORO_IOC_TASK, info);
}
