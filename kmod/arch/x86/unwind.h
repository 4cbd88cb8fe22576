/* SPDX-License-Identifier: GPL-2.0 */
/* Call traces of stacks that nobody runs on: see unwind.c. */
#ifndef KCORO_ARCH_UNWIND_H
#define KCORO_ARCH_UNWIND_H

struct task_struct;

unsigned int kcoro_arch_unwind(struct task_struct *thread, void *stack,
			       unsigned long sp, unsigned long *entries,
			       unsigned int max);

#endif /* KCORO_ARCH_UNWIND_H */
