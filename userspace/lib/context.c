// SPDX-License-Identifier: MIT
/*
 * Contexts: opening, options, what the kernel offers.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

KCORO_PUBLIC int kcoro_open(unsigned int flags)
{
	int fd, err;

	if (flags & ~KCORO_OPEN_DETACHED)
		return -EINVAL;
	fd = open(KCORO_DEVICE, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (flags & KCORO_OPEN_DETACHED) {
		err = kcoro_set_options(fd, KCORO_CTX_DETACHED);
		if (err) {
			close(fd);
			return err;
		}
	}
	return fd;
}

KCORO_PUBLIC int kcoro_set_options(int ctx, uint32_t flags)
{
	struct kcoro_options req = { .flags = flags };

	return kcoro_call(ctx, KCORO_IOC_OPTIONS, &req);
}

KCORO_PUBLIC int kcoro_info(int fd, struct kcoro_info *info)
{
	memset(info, 0, sizeof(*info));
	return kcoro_call(fd, KCORO_IOC_INFO, info);
}

KCORO_PUBLIC ssize_t kcoro_bodies(int ctx, struct kcoro_body_info **bodies)
{
	struct kcoro_bodies req = { .count = 0 };
	struct kcoro_body_info *list = NULL, *more;
	uint32_t room;
	int err;

	*bodies = NULL;
	for (;;) {
		err = kcoro_call(ctx, KCORO_IOC_BODIES, &req);
		if (err)
			break;
		if (list && req.count == req.total) {
			*bodies = list;
			return req.count;
		}
		/* A body may be registered meanwhile: leave room for some. */
		room = req.total + 8;
		more = realloc(list, room * sizeof(*list));
		if (!more) {
			err = -ENOMEM;
			break;
		}
		list = more;
		memset(list, 0, room * sizeof(*list));
		req.bodies = kcoro_addr(list);
		req.count = room;
	}
	free(list);
	return err;
}

KCORO_PUBLIC ssize_t kcoro_cpus(int fd, struct kcoro_cpu_info **cpus)
{
	struct kcoro_cpus req = { .count = 0 };
	struct kcoro_cpu_info *list;
	int err;

	*cpus = NULL;
	err = kcoro_call(fd, KCORO_IOC_CPUS, &req);
	if (err)
		return err;
	/* Those that are possible: their number does not change. */
	list = calloc(req.total ? req.total : 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	req.cpus = kcoro_addr(list);
	req.count = req.total;
	err = kcoro_call(fd, KCORO_IOC_CPUS, &req);
	if (err) {
		free(list);
		return err;
	}
	*cpus = list;
	return req.count;
}
