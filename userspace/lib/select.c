// SPDX-License-Identifier: MIT
/*
 * Select: exactly one of several cases.
 */
#include "internal.h"

KCORO_PUBLIC int kcoro_select(int ctx, struct kcoro_case *cases,
			      unsigned int count, uint32_t flags,
			      int64_t deadline_ns, int *error)
{
	struct kcoro_select req = {
		.cases = kcoro_addr(cases),
		.count = count,
		.flags = flags,
		.deadline_ns = deadline_ns,
	};
	int err = kcoro_call(ctx, KCORO_IOC_SELECT, &req);

	if (err)
		return err;
	if (error)
		*error = req.error;
	return req.index;
}
