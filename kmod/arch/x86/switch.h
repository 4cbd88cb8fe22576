/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Stack switching, x86-64: see switch.S. What another architecture has to
 * provide is in this header: the switch, the first frame of a new stack, the
 * stack canary that all workers share, and current read afresh.
 */
#ifndef KCORO_ARCH_SWITCH_H
#define KCORO_ARCH_SWITCH_H

#include <linux/math64.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <linux/version.h>
#include <asm/asm.h>
#include <asm/processor.h>
#include <asm/rwonce.h>
#include <asm/switch_to.h>
#include <asm/tsc.h>

asmlinkage void kcoro_arch_switch(unsigned long *save_sp,
				  unsigned long *load_sp,
				  void **stack_field, void *stack);
asmlinkage void kcoro_arch_switch_stuffed(unsigned long *save_sp,
					  unsigned long *load_sp,
					  void **stack_field, void *stack);
extern const char kcoro_arch_entry_ret[];

/* Called on the new stack, in this order: worker.c. */
asmlinkage void kcoro_arch_main(void *arg);
asmlinkage void kcoro_arch_last(void *arg);

/* The canary's first byte is zero, to end string copies. */
#define KCORO_ARCH_CANARY_MASK	(~0xffUL)

/*
 * Words on top of a stack that task_pt_regs() may look at. All zero but the
 * topmost two, which say whose stack it is: kcoro_arch_self().
 */
#define KCORO_ARCH_TOP_WORDS	22

/*
 * Says that a stack is a task's. It stands where an ordinary stack has the ss
 * register of user mode, sixteen bits, and an interrupt stack the address of
 * the interrupted one, so neither can hold it.
 */
#define KCORO_ARCH_MAGIC	0x6b636f726f5e1f00UL

/* current, read now: the compiler may keep `current` across a switch. */
static __always_inline struct task_struct *kcoro_arch_current(void)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
	return this_cpu_read(pcpu_hot.current_task);
#else
	return this_cpu_read(current_task);
#endif
}

/*
 * The argument that the stack under our feet was made for, or NULL: not one of
 * ours. The same answer before and after a park, on whatever CPU. An interrupt
 * handler gets NULL: it runs on the CPU's interrupt stack, which is not
 * current's, and is aligned to pages only: nothing may be said, or read, about
 * what lies at the end of the window around it.
 */
static __always_inline void *kcoro_arch_self(void)
{
	unsigned long stack =
		(unsigned long)READ_ONCE(kcoro_arch_current()->stack);
	unsigned long *top = (unsigned long *)(stack + THREAD_SIZE);

	if (unlikely((current_stack_pointer & ~(THREAD_SIZE - 1)) != stack))
		return NULL;
	return READ_ONCE_NOCHECK(top[-1]) == KCORO_ARCH_MAGIC ?
		       (void *)READ_ONCE_NOCHECK(top[-2]) : NULL;
}

/* Make the first frame of a stack of THREAD_SIZE; returns its pointer. */
static inline unsigned long kcoro_arch_frame(void *stack, void *arg)
{
	unsigned long *top = stack + THREAD_SIZE;
	struct inactive_task_frame *frame;

	top[-1] = KCORO_ARCH_MAGIC;
	top[-2] = (unsigned long)arg;
	top -= KCORO_ARCH_TOP_WORDS;
	memset(top, 0, (KCORO_ARCH_TOP_WORDS - 2) * sizeof(*top));
	frame = (struct inactive_task_frame *)top - 1;
	memset(frame, 0, sizeof(*frame));
	frame->ret_addr = (unsigned long)kcoro_arch_entry_ret;
	frame->r12 = (unsigned long)arg;
	return (unsigned long)frame;
}

/*
 * The canary is per kthread, but a task that moves keeps the one its frames
 * were made with: all workers share one. Returns the one that was in force.
 * Only from functions that have no canary of their own.
 */
static __always_inline unsigned long kcoro_arch_set_canary(unsigned long canary)
{
#ifdef CONFIG_STACKPROTECTOR
	unsigned long old = current->stack_canary;

	current->stack_canary = canary;
	barrier();
	this_cpu_write(fixed_percpu_data.stack_canary, canary);
	return old;
#else
	return 0;
#endif
}

/* What get_cycles() counts, in nanoseconds. */
static inline u64 kcoro_arch_cycles_to_ns(u64 cycles)
{
	return mul_u64_u64_div_u64(cycles, USEC_PER_SEC, tsc_khz);
}

#endif /* KCORO_ARCH_SWITCH_H */
