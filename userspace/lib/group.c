// SPDX-License-Identifier: MIT
/*
 * Groups of tasks.
 */
#include <errno.h>
#include <string.h>

#include "internal.h"

KCORO_PUBLIC int kcoro_group_create(int on, uint32_t flags, uint32_t limit)
{
	struct kcoro_group_create req = { .flags = flags, .limit = limit };
	int err = kcoro_call(on, KCORO_IOC_GROUP_CREATE, &req);

	return err ? err : req.fd;
}

KCORO_PUBLIC int kcoro_group_wait(int group, uint32_t until,
				  struct kcoro_group_wait *state,
				  int64_t deadline_ns)
{
	struct kcoro_group_wait mine;

	if (!state)
		state = &mine;
	memset(state, 0, sizeof(*state));
	state->until = until;
	state->deadline_ns = deadline_ns;
	return kcoro_call(group, KCORO_IOC_GROUP_WAIT, state);
}

KCORO_PUBLIC int kcoro_group_cancel(int group, const char *why)
{
	struct kcoro_group_cancel req = { .why = "" };
	size_t len = why ? strlen(why) : 0;

	if (len >= sizeof(req.why))
		return -EINVAL;
	memcpy(req.why, why ? why : "", len);
	return kcoro_call(group, KCORO_IOC_GROUP_CANCEL, &req);
}

KCORO_PUBLIC int kcoro_group_failed(int group, unsigned int nth,
				    struct kcoro_exit *exit)
{
	struct kcoro_group_failed req = { .nth = nth };
	int err = kcoro_call(group, KCORO_IOC_GROUP_FAILED, &req);

	if (!err)
		*exit = req.exit;
	return err;
}
