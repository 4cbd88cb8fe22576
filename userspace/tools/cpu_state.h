/* SPDX-License-Identifier: MIT */
/*
 * One word for what a CPU is doing.
 */
#ifndef CPU_STATE_H
#define CPU_STATE_H

#include <kcoro.h>

static inline const char *cpu_state(const struct kcoro_cpu_info *c)
{
	if (!(c->flags & KCORO_CPU_ACTIVE))
		return "off";
	if (c->flags & KCORO_CPU_HOGGED)
		return "hogged";
	return c->flags & KCORO_CPU_IDLE ? "idle" : "busy";
}

#endif /* CPU_STATE_H */
