// SPDX-License-Identifier: MIT
/*
 * Events.
 */
#include <errno.h>

#include "internal.h"

KCORO_PUBLIC int kcoro_event_create(int ctx, uint32_t flags)
{
	struct kcoro_event_create req = { .flags = flags };
	int err = kcoro_call(ctx, KCORO_IOC_EVENT_CREATE, &req);

	return err ? err : req.fd;
}

KCORO_PUBLIC int kcoro_event_set(int event)
{
	return kcoro_call(event, KCORO_IOC_EVENT_SET, NULL);
}

KCORO_PUBLIC int kcoro_event_clear(int event)
{
	return kcoro_call(event, KCORO_IOC_EVENT_CLEAR, NULL);
}

KCORO_PUBLIC int kcoro_event_wait(int event, int64_t deadline_ns)
{
	struct kcoro_event_wait req = { .deadline_ns = deadline_ns };

	return kcoro_call(event, KCORO_IOC_EVENT_WAIT, &req);
}

KCORO_PUBLIC int kcoro_event_is_set(int event)
{
	int err = kcoro_event_wait(event, KCORO_NOW);

	if (err == -ETIMEDOUT || err == -EAGAIN)
		return 0;
	return err ? err : 1;
}
