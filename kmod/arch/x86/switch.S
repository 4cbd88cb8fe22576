/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The switch between two stacks, and the entry of a new one: x86-64.
 *
 * The saved frame is that of struct inactive_task_frame, so that the kernel's
 * unwinder can start from it. `stack` of the current kthread changes together
 * with the stack pointer: ORC unwinding, WARN's trace, hardened usercopy and
 * the stack end check then work inside a task as in any kthread. Callers have
 * preemption off, so that the kthread does not leave its CPU while the two
 * disagree; an interrupt at that point runs on a stack of its own.
 *
 * Return stack buffer: kcoro_arch_switch() leaves it as it is. After a switch
 * its entries belong to the other stack, so the returns up the chain are
 * mispredicted, to addresses behind earlier *kernel* calls: all tasks run in
 * the kernel, at one privilege, and entries that user code or a guest left are
 * dealt with on entry and at the kthread's own context switch. What remains is
 * speculation between kernel tasks, as there is after any deep call chain.
 * kcoro_arch_switch_stuffed() fills the buffer as __switch_to_asm() does,
 * which costs about as much again as the switch; the module parameter
 * stuff_rsb chooses it.
 */
#include <linux/linkage.h>
#include <linux/version.h>
#include <asm/asm.h>
#include <asm/cpufeatures.h>
#include <asm/nospec-branch.h>
#include <asm/unwind_hints.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
#define END_OF_STACK	UNWIND_HINT_END_OF_STACK
#else
#define END_OF_STACK	UNWIND_HINT_EMPTY
#endif

	.text

.macro SAVE_AND_LOAD
	pushq	%rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rcx, (%rdx)
	movq	%rsp, (%rdi)
	movq	(%rsi), %rsp	/* from memory: objtool then needs no hint */
.endm

.macro RESTORE_AND_RETURN
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	RET
.endm

/*
 * void kcoro_arch_switch(unsigned long *save_sp, unsigned long *load_sp,
 *			  void **stack_field, void *stack);
 */
SYM_FUNC_START(kcoro_arch_switch)
	SAVE_AND_LOAD
	RESTORE_AND_RETURN
SYM_FUNC_END(kcoro_arch_switch)

SYM_FUNC_START(kcoro_arch_switch_stuffed)
	SAVE_AND_LOAD
	FILL_RETURN_BUFFER %r12, RSB_CLEAR_LOOPS, X86_FEATURE_RSB_CTXSW
	RESTORE_AND_RETURN
SYM_FUNC_END(kcoro_arch_switch_stuffed)

/*
 * A new stack's first switch "returns" here, with its argument in r12. One
 * byte in, as the unwinder looks up the address before a return address. No
 * ENDBR: only RET gets here. kcoro_arch_main() returns for the last switch,
 * so that no frame with poisoned KASAN shadow stays on a stack that is used
 * again.
 */
SYM_CODE_START(kcoro_arch_entry)
	END_OF_STACK
	ANNOTATE_NOENDBR
	nop
SYM_INNER_LABEL(kcoro_arch_entry_ret, SYM_L_GLOBAL)
	ANNOTATE_NOENDBR
	movq	%r12, %rdi
	call	kcoro_arch_main
	movq	%r12, %rdi
	call	kcoro_arch_last
	ud2
SYM_CODE_END(kcoro_arch_entry)
