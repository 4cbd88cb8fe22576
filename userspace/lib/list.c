// SPDX-License-Identifier: MIT
/*
 * Listing, cancelling and rescheduling tasks.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* Tasks fetched with the first call; the room doubles from there. */
#define FIRST_ROOM 64

KCORO_PUBLIC int kcoro_list_page(int ctx, uint32_t scope, uint64_t after,
				 struct kcoro_task_info *tasks,
				 unsigned int count)
{
	struct kcoro_list req = {
		.tasks = kcoro_addr(tasks),
		.after = after,
		.count = count,
		.scope = scope,
	};
	int err = kcoro_call(ctx, KCORO_IOC_LIST, &req);

	return err ? err : (int)req.count;
}

KCORO_PUBLIC ssize_t kcoro_list(int ctx, uint32_t scope,
				struct kcoro_task_info **tasks)
{
	struct kcoro_task_info *list = NULL, *more;
	size_t room = FIRST_ROOM, used = 0;
	uint64_t after = 0;
	int n;

	*tasks = NULL;
	for (;;) {
		more = realloc(list, room * sizeof(*list));
		if (!more) {
			n = -ENOMEM;
			break;
		}
		list = more;
		n = kcoro_list_page(ctx, scope, after, list + used,
				    room - used);
		if (n < 0)
			break;
		/* A short page is no end: the kernel may bound its pages. */
		if (!n) {
			*tasks = list;
			return used;
		}
		used += n;
		after = list[used - 1].id;
		if (used == room)
			room *= 2;
	}
	free(list);
	return n;
}

KCORO_PUBLIC int64_t kcoro_kill(int ctx, uint64_t id, uint32_t scope,
				uint32_t flags)
{
	struct kcoro_kill req = { .id = id, .scope = scope, .flags = flags };
	int err = kcoro_call(ctx, KCORO_IOC_KILL, &req);

	return err ? err : (int64_t)req.killed;
}

KCORO_PUBLIC ssize_t kcoro_leaks(int ctx, uint32_t scope, uint32_t flags,
				 struct kcoro_leak **leaks)
{
	struct kcoro_leaks req = { .scope = scope, .flags = flags };
	struct kcoro_leak *list = NULL, *more;
	size_t room = FIRST_ROOM, used = 0;
	int err;

	*leaks = NULL;
	for (;;) {
		more = realloc(list, (used + room) * sizeof(*list));
		if (!more) {
			err = -ENOMEM;
			break;
		}
		list = more;
		req.leaks = kcoro_addr(list + used);
		req.count = room;
		err = kcoro_call(ctx, KCORO_IOC_LEAKS, &req);
		if (err)
			break;
		if (req.count == req.total) {
			*leaks = list;
			return used + req.count;
		}
		/* Those that were ended are not found again. */
		if (flags & KCORO_LEAKS_END)
			used += req.count;
		room = req.total * 2;
	}
	free(list);
	return err;
}

KCORO_PUBLIC int kcoro_set(int fd, const struct kcoro_set *set)
{
	struct kcoro_set req = *set;

	return kcoro_call(fd, KCORO_IOC_SET, &req);
}
