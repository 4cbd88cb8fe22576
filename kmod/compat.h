/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the kernels that kcoro is built for. The only place
 * that asks for a version.
 */
#ifndef KCORO_COMPAT_H
#define KCORO_COMPAT_H

#include <linux/fs.h>
#include <linux/hrtimer.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 15, 0)
#error "kcoro was tried on Linux 6.1 to 6.12; the stack canary moved in 6.15"
#endif
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error "kcoro needs Linux 6.1 or newer"
#endif

/*
 * Is @p, which is current and on its way out of schedule(), still runnable?
 * Not a matter of its __state: a task preempted between set_current_state()
 * and schedule() has one and is runnable. Since 6.12 a task that blocks may
 * stay on the queue (delayed dequeue).
 */
static inline bool kcoro_still_runnable(const struct task_struct *p)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	return p->on_rq && !p->se.sched_delayed;
#else
	return p->on_rq;
#endif
}

/*
 * Write, but not while the file system is frozen. Since 6.8 the callee sees to
 * that: to do so twice is to wait for a freezer that waits for oneself.
 */
static inline ssize_t kcoro_iocb_write(struct kiocb *iocb, struct iov_iter *iter)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
	return vfs_iocb_iter_write(iocb->ki_filp, iocb, iter);
#else
	ssize_t ret;

	file_start_write(iocb->ki_filp);
	ret = vfs_iocb_iter_write(iocb->ki_filp, iocb, iter);
	file_end_write(iocb->ki_filp);
	return ret;
#endif
}

static inline void kcoro_hrtimer_setup(struct hrtimer *timer,
				       enum hrtimer_restart (*fn)(struct hrtimer *),
				       enum hrtimer_mode mode)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	hrtimer_setup(timer, fn, CLOCK_MONOTONIC, mode);
#else
	hrtimer_init(timer, CLOCK_MONOTONIC, mode);
	timer->function = fn;
#endif
}

static inline void
kcoro_hrtimer_setup_on_stack(struct hrtimer *timer,
			     enum hrtimer_restart (*fn)(struct hrtimer *),
			     enum hrtimer_mode mode)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	hrtimer_setup_on_stack(timer, fn, CLOCK_MONOTONIC, mode);
#else
	hrtimer_init_on_stack(timer, CLOCK_MONOTONIC, mode);
	timer->function = fn;
#endif
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
#define kcoro_assign_str(dst, src)	__assign_str(dst)
#else
#define kcoro_assign_str(dst, src)	__assign_str(dst, src)
#endif

#endif /* KCORO_COMPAT_H */
