/* SPDX-License-Identifier: GPL-2.0 */
/* Policies that order the run queues: see policy.c. */
#ifndef KCORO_POLICY_IMPL_H
#define KCORO_POLICY_IMPL_H

#include <linux/kcoro_policy.h>

struct kcoro_cpu;
struct kcoro_task;

struct kcoro_task *kcoro_policy_pick(struct kcoro_cpu *cpu);
struct kcoro_task *kcoro_policy_give(struct kcoro_cpu *cpu);
void kcoro_policy_ran(struct kcoro_cpu *cpu, struct kcoro_task *task,
		      u64 cycles, bool parked);
void kcoro_policy_tick(struct kcoro_cpu *cpu);
void kcoro_policy_adopt(struct kcoro_cpu *cpu);
void kcoro_policy_name(char *name);
int kcoro_policy_choose(const char *name);
u64 kcoro_policy_falls(void);
int kcoro_policy_init(void);
void kcoro_policy_exit(void);

extern struct kcoro_policy kcoro_policy_mlfq;
extern struct kcoro_policy kcoro_policy_predict;

#endif /* KCORO_POLICY_IMPL_H */
