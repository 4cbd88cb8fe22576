// SPDX-License-Identifier: GPL-2.0
/*
 * Call traces of stacks that nobody runs on.
 *
 * Model: the kernel unwinds the stack of a thread that sleeps from what is left of
 * it there. Ours look the same (switch.S), so a thread that is none, all zero but
 * for its stack and stack pointer, is shown to the unwinder.
 */
#include <linux/sched.h>
#include <asm/unwind.h>

#include "unwind.h"

/**
 * kcoro_arch_unwind() - who called whom on a stack
 * @thread: the thread that is none, all zero
 * @stack: the window, which stays mapped meanwhile
 * @sp: its stack pointer
 * @entries: room for return addresses, innermost first
 * @max: how many
 *
 * Is the stack run on meanwhile, then the trace is wrong, but nothing else.
 *
 * Context: any but NMI.
 * Return: how many there are.
 */
unsigned int kcoro_arch_unwind(struct task_struct *thread, void *stack,
			       unsigned long sp, unsigned long *entries,
			       unsigned int max)
{
	struct unwind_state state;
	unsigned int nr = 0;

	thread->stack = stack;
	thread->thread.sp = sp;
	for (unwind_start(&state, thread, NULL, NULL);
	     !unwind_done(&state) && nr < max; unwind_next_frame(&state)) {
		unsigned long addr = unwind_get_return_address(&state);

		if (!addr)
			break;
		entries[nr++] = addr;
	}
	return nr;
}
