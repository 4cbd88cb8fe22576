// SPDX-License-Identifier: MIT
/*
 * Semaphores.
 */
#include "internal.h"

KCORO_PUBLIC int kcoro_sem_create(int ctx, uint32_t count, uint32_t max,
				  uint32_t flags)
{
	struct kcoro_sem_create req = { .count = count,
					.max = max,
					.flags = flags };
	int err = kcoro_call(ctx, KCORO_IOC_SEM_CREATE, &req);

	return err ? err : req.fd;
}

KCORO_PUBLIC int kcoro_sem_acquire(int sem, uint32_t n, int64_t deadline_ns)
{
	struct kcoro_sem_acquire req = { .n = n, .deadline_ns = deadline_ns };

	return kcoro_call(sem, KCORO_IOC_SEM_ACQUIRE, &req);
}

KCORO_PUBLIC int kcoro_sem_release(int sem, uint32_t n)
{
	struct kcoro_sem_release req = { .n = n };

	return kcoro_call(sem, KCORO_IOC_SEM_RELEASE, &req);
}
