/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bubbles: tasks by themselves, in virtual time and in an order drawn from a
 * seed, as in Go's testing/synctest. For tests, in kernel modules, of code that
 * is made of tasks; see also kcoro.h.
 *
 *	struct kcoro_bubble_args args = { .seed = seed };
 *	struct kcoro_bubble_end end;
 *
 *	err = kcoro_bubble_run(&args, test_main, &state, &end);
 *
 * The time is kcoro_now(). It stands still while a task of the bubble runs, and
 * when all wait it moves on to the next deadline or tick. So a test of timeouts
 * takes no time, and finds the same in each run: same seed, same steps. It begins at
 * KCORO_BUBBLE_EPOCH; struct kcoro_step and what a step can be (KCORO_STEP_*) are in
 * the uAPI, as programs have bubbles of their own.
 */
#ifndef _LINUX_KCORO_BUBBLE_H
#define _LINUX_KCORO_BUBBLE_H

#include <linux/kcoro.h>

/**
 * struct kcoro_bubble_args - how to run a bubble
 * @seed: what the order of its tasks, and of the cases of their selects, is drawn
 *	from
 * @steps: gets its first steps, or NULL
 * @steps_max: how many there is room for
 */
struct kcoro_bubble_args {
	u64 seed;
	struct kcoro_step *steps;
	u32 steps_max;
};

/**
 * struct kcoro_bubble_end - how a bubble ended
 * @result: what its first task returned, or its error as a negative errno
 * @time: kcoro_now() in it at its end
 * @nr_steps: how many it took
 * @digest: of all of them: two runs that differ in a step differ in this
 * @message: why it failed, in words
 */
struct kcoro_bubble_end {
	s64 result;
	ktime_t time;
	u64 nr_steps;
	u64 digest;
	char message[KCORO_MESSAGE_MAX];
};

int kcoro_bubble_run(const struct kcoro_bubble_args *args,
		     s64 (*fn)(void *data), void *data,
		     struct kcoro_bubble_end *end);
int kcoro_bubble_wait(void);

#endif /* _LINUX_KCORO_BUBBLE_H */
