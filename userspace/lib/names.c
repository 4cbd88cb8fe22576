// SPDX-License-Identifier: MIT
/*
 * One word for each number of the kernel's interface.
 */
#include "internal.h"

#define NAME(list, i) \
	((i) < sizeof(list) / sizeof((list)[0]) ? (list)[i] : "unknown")

KCORO_PUBLIC const char *kcoro_reason_name(uint32_t reason)
{
	static const char *const names[] = {
		[KCORO_EXIT_RETURNED] = "returned",
		[KCORO_EXIT_CANCELED] = "canceled",
		[KCORO_EXIT_DEADLINE] = "deadline",
		[KCORO_EXIT_KILLED] = "killed",
		[KCORO_EXIT_FAULT] = "fault",
	};

	return NAME(names, reason);
}

KCORO_PUBLIC const char *kcoro_state_name(uint32_t state)
{
	static const char *const names[] = {
		[KCORO_TASK_READY] = "ready",
		[KCORO_TASK_RUNNING] = "running",
		[KCORO_TASK_PARKED] = "parked",
		[KCORO_TASK_EXITED] = "exited",
	};

	return NAME(names, state);
}

KCORO_PUBLIC const char *kcoro_wait_name(uint32_t wait)
{
	static const char *const names[] = {
		[KCORO_WAIT_NONE] = "none",
		[KCORO_WAIT_SLEEP] = "sleep",
		[KCORO_WAIT_SEND] = "send",
		[KCORO_WAIT_RECV] = "recv",
		[KCORO_WAIT_SELECT] = "select",
		[KCORO_WAIT_JOIN] = "join",
		[KCORO_WAIT_POLL] = "poll",
		[KCORO_WAIT_EVENT] = "event",
		[KCORO_WAIT_MUTEX] = "mutex",
		[KCORO_WAIT_RWLOCK] = "rwlock",
		[KCORO_WAIT_SEM] = "sem",
		[KCORO_WAIT_COND] = "cond",
		[KCORO_WAIT_WAITGROUP] = "waitgrp",
		[KCORO_WAIT_ONCE] = "once",
		[KCORO_WAIT_BARRIER] = "barrier",
		[KCORO_WAIT_PUT] = "put",
		[KCORO_WAIT_GET] = "get",
		[KCORO_WAIT_DRAIN] = "drain",
		[KCORO_WAIT_QUIET] = "quiet",
	};

	return NAME(names, wait);
}

KCORO_PUBLIC const char *kcoro_preempt_name(uint32_t preempt)
{
	static const char *const names[] = {
		[KCORO_PREEMPT_NONE] = "none",
		[KCORO_PREEMPT_VOLUNTARY] = "voluntary",
		[KCORO_PREEMPT_FULL] = "full",
	};

	return NAME(names, preempt);
}
