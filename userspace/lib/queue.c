// SPDX-License-Identifier: MIT
/*
 * Queues.
 */
#include <errno.h>

#include "internal.h"

KCORO_PUBLIC int kcoro_queue_create(int ctx, uint32_t elem_size,
				    uint32_t capacity, uint32_t flags)
{
	struct kcoro_queue_create req = { .elem_size = elem_size,
					  .capacity = capacity,
					  .flags = flags };
	int err = kcoro_call(ctx, KCORO_IOC_QUEUE_CREATE, &req);

	return err ? err : req.fd;
}

static int queue_io(int queue, unsigned long request, const void *addr,
		    size_t len, int64_t deadline_ns)
{
	struct kcoro_queue_io req = { .addr = kcoro_addr(addr),
				      .len = len,
				      .deadline_ns = deadline_ns };

	/* The structure has no room for it. */
	if (len > UINT32_MAX)
		return -EINVAL;
	return kcoro_call(queue, request, &req);
}

KCORO_PUBLIC int kcoro_queue_put(int queue, const void *elem, size_t len,
				 int64_t deadline_ns)
{
	return queue_io(queue, KCORO_IOC_QUEUE_PUT, elem, len, deadline_ns);
}

KCORO_PUBLIC int kcoro_queue_get(int queue, void *elem, size_t size,
				 int64_t deadline_ns)
{
	return queue_io(queue, KCORO_IOC_QUEUE_GET, elem, size, deadline_ns);
}

KCORO_PUBLIC int kcoro_queue_done(int queue)
{
	return kcoro_call(queue, KCORO_IOC_QUEUE_DONE, NULL);
}

KCORO_PUBLIC int kcoro_queue_join(int queue, int64_t deadline_ns)
{
	struct kcoro_queue_join req = { .deadline_ns = deadline_ns };

	return kcoro_call(queue, KCORO_IOC_QUEUE_JOIN, &req);
}

KCORO_PUBLIC int kcoro_queue_shutdown(int queue, uint32_t flags)
{
	struct kcoro_queue_shutdown req = { .flags = flags };

	return kcoro_call(queue, KCORO_IOC_QUEUE_SHUTDOWN, &req);
}
