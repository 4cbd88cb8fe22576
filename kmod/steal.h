/* SPDX-License-Identifier: GPL-2.0 */
/* The global queue, and how idle CPUs find work: see steal.c. */
#ifndef KCORO_STEAL_H
#define KCORO_STEAL_H

#include <linux/types.h>

struct kcoro_cpu;
struct kcoro_task;

void kcoro_global_put(struct kcoro_task *task);
struct kcoro_task *kcoro_global_take(struct kcoro_cpu *cpu);
u32 kcoro_global_count(void);

void kcoro_steal_stop(struct kcoro_cpu *cpu, bool found);
bool kcoro_steal_search(struct kcoro_cpu *cpu);
bool kcoro_steal_any(const struct kcoro_cpu *cpu);
void kcoro_steal_tell(void);
void kcoro_steal_give(struct kcoro_cpu *cpu, struct kcoro_cpu *thief);
void kcoro_steal_refuse(struct kcoro_cpu *thief);
void kcoro_steal_move(struct kcoro_cpu *cpu);
void kcoro_steal_set_idle(struct kcoro_cpu *cpu, bool idle);

#endif /* KCORO_STEAL_H */
