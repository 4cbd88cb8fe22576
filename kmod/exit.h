/* SPDX-License-Identifier: GPL-2.0 */
/* Ways to end a task: see exit.c. */
#ifndef KCORO_EXIT_H
#define KCORO_EXIT_H

struct kcoro_defer;
struct kcoro_task;

void kcoro_exit_undefer(struct kcoro_defer *defer);
void kcoro_exit_defers(struct kcoro_task *task);

#endif /* KCORO_EXIT_H */
