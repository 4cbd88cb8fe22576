/* SPDX-License-Identifier: GPL-2.0 */
/* Where a task may run, and how soon: see place.c. */
#ifndef KCORO_PLACE_H
#define KCORO_PLACE_H

#include <linux/types.h>

struct kcoro_call;
struct kcoro_cpu;
struct kcoro_task;
struct file;

int kcoro_place_check(int priority, int pin);
void kcoro_place_init(struct kcoro_task *task, int priority, int pin);
struct kcoro_cpu *kcoro_place_cpu(const struct kcoro_task *task);
bool kcoro_place_here(const struct kcoro_task *task,
		      const struct kcoro_cpu *cpu);
int kcoro_place_set(struct kcoro_task *task, u32 which, int priority, int pin);

#endif /* KCORO_PLACE_H */
