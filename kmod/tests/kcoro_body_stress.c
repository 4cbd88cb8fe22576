// SPDX-License-Identifier: GPL-2.0
/*
 * For tests: "stress" does a number of steps, each of them something that the
 * scheduler has to cope with, and proves that each was done once.
 *
 * Model: what a step does is drawn from the task's seed and the step's number:
 * to compute, block, sleep, yield, send, receive, or start a child that does
 * steps of its own, and now and then cancel it. The sum of what was drawn says
 * which steps were done; whoever knows the seed can check it, as the test does,
 * and a parent for its child. Messages add up: what was received, and is left
 * in the channel at the end, was sent.
 *
 * Ownership: a child's state lies on its parent's stack. So the parent always
 * waits for its end: by a join, or if it is cancelled itself, as a kthread.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kcoro.h>
#include <linux/string.h>

#define STEPS_MAX	100000
#define CHILD_STEPS	8
#define PATIENCE_MS	2

/**
 * struct tally - the result data; of the children too, but for @sum and @steps
 * @sum: of what was drawn for each step
 * @sent: sum of the values sent
 * @received: likewise
 * @nr_sent: messages
 * @nr_received: likewise
 * @steps: how many were done
 * @children: how many there were
 * @children_steps: what they did
 * @wrong: steps that were done twice at a time; children whose sum was wrong
 */
struct tally {
	u64 sum;
	u64 sent;
	u64 received;
	u32 nr_sent;
	u32 nr_received;
	u32 steps;
	u32 children;
	u32 children_steps;
	u32 wrong;
};

/**
 * struct stress - a task's state
 * @in: whence it receives
 * @out: where it sends
 * @seed: what it does
 * @steps: how many there are to be
 * @inside: a step is being done
 * @child: it starts none
 * @ended: a child's, when it touches this no more
 * @tally: what came of it
 */
struct stress {
	struct kcoro_chan *in;
	struct kcoro_chan *out;
	u64 seed;
	u32 steps;
	atomic_t inside;
	bool child;
	struct completion ended;
	struct tally tally;
};

/* What is drawn for a step: splitmix64. The test does the same. */
static u64 stress_draw(u64 seed, u32 step)
{
	u64 z = seed + (step + 1) * 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static u64 stress_sum(u64 seed, u32 steps)
{
	u64 sum = 0;

	while (steps--)
		sum += stress_draw(seed, steps);
	return sum;
}

static void stress_hog(u32 us)
{
	ktime_t end = ktime_add_us(ktime_get(), us);

	while (ktime_before(ktime_get(), end))
		cpu_relax();
}

static ktime_t soon(void)
{
	return ktime_add_ms(ktime_get(), PATIENCE_MS);
}

static int stress_send(struct stress *stress, u64 value)
{
	int err = kcoro_send(stress->out, &value, soon());

	if (err)
		return err;
	stress->tally.sent += value;
	stress->tally.nr_sent++;
	return 0;
}

static int stress_recv(struct stress *stress)
{
	u64 value;
	int ret = kcoro_recv(stress->in, &value, soon());

	if (ret <= 0)
		return ret;
	stress->tally.received += value;
	stress->tally.nr_received++;
	return 0;
}

static s64 stress_child(void *data);

static void stress_add(struct stress *stress, const struct stress *child)
{
	struct tally *tally = &stress->tally;

	tally->sent += child->tally.sent;
	tally->received += child->tally.received;
	tally->nr_sent += child->tally.nr_sent;
	tally->nr_received += child->tally.nr_received;
	tally->children++;
	tally->children_steps += child->tally.steps;
	tally->wrong += child->tally.wrong +
		(child->tally.sum != stress_sum(child->seed, child->tally.steps));
}

static int stress_spawn(struct stress *stress, u64 drawn)
{
	bool cancel = drawn & 1;
	struct stress child = {
		.in = stress->in,
		.out = stress->out,
		.seed = drawn,
		.steps = CHILD_STEPS,
		.child = true,
	};
	struct kcoro_task *task;
	s64 result;
	int err;

	init_completion(&child.ended);
	task = kcoro_go(stress_child, &child);
	if (IS_ERR(task))
		return PTR_ERR(task) == -ECANCELED ? -ECANCELED : 0;
	if (cancel)
		kcoro_cancel(task);
	err = kcoro_join(task, KCORO_FOREVER, &result);
	if (err) {
		kcoro_cancel(task);
		wait_for_completion(&child.ended);
	} else if (!cancel && (result || child.tally.steps != child.steps)) {
		stress->tally.wrong++;
	}
	kcoro_task_put(task);
	stress_add(stress, &child);
	return err;
}

static int stress_act(struct stress *stress, u64 drawn)
{
	u32 number = (drawn >> 32) % 1024;

	switch (drawn % 64) {
	case 0:
		stress_hog(number * 8);
		return 0;
	case 1 ... 2:
		msleep(1 + number % 3);
		return 0;
	case 3 ... 6:
		return kcoro_sleep_ms(number % 4);
	case 7 ... 22:
		return stress_send(stress, drawn);
	case 23 ... 38:
		return stress_recv(stress);
	case 39 ... 40:
		return stress->child ? 0 : stress_spawn(stress, drawn >> 8);
	case 41 ... 48:
		stress_hog(number / 16);
		return 0;
	default:
		kcoro_yield();
		return 0;
	}
}

/* Do all steps, or fewer when cancelled. */
static int stress_steps(struct stress *stress)
{
	u64 drawn;
	int err;

	while (stress->tally.steps < stress->steps) {
		drawn = stress_draw(stress->seed, stress->tally.steps);
		if (atomic_inc_return(&stress->inside) != 1)
			stress->tally.wrong++;
		err = stress_act(stress, drawn);
		stress->tally.sum += drawn;
		stress->tally.steps++;
		atomic_dec(&stress->inside);
		if (err && err != -ETIMEDOUT)
			return err;
	}
	return 0;
}

static s64 stress_child(void *data)
{
	struct stress *stress = data;
	int err = stress_steps(stress);

	complete(&stress->ended);
	return err;
}

static int stress_check(struct kcoro_env *env)
{
	const struct kcoro_chan *in = kcoro_env_chan(env, 0, KCORO_RECV);
	const struct kcoro_chan *out = kcoro_env_chan(env, 1, KCORO_SEND);
	const char *word = kcoro_env_word(env, NULL);
	u32 steps;

	if (!word || kstrtou32(word, 10, &steps) || steps > STEPS_MAX ||
	    kcoro_env_word(env, word))
		return -EINVAL;
	if (!in || !out || kcoro_chan_elem_size(in) != sizeof(u64) ||
	    kcoro_chan_elem_size(out) != sizeof(u64))
		return -EBADF;
	env->priv = (void *)(unsigned long)steps;
	return 0;
}

/* The seed is the task's id. */
static int stress_run(struct kcoro_env *env)
{
	struct stress stress = {
		.in = env->slots[0].chan,
		.out = env->slots[1].chan,
		.seed = kcoro_task_id(kcoro_current()),
		.steps = (unsigned long)env->priv,
	};
	int err = stress_steps(&stress);

	env->result = stress.tally.steps;
	env->data_len = sizeof(stress.tally);
	memcpy(env->data, &stress.tally, sizeof(stress.tally));
	return err;
}

static struct kcoro_body stress_body = {
	.name = "stress",
	.help = "STEPS; in, out: computes, blocks, sleeps, talks and has children",
	.owner = THIS_MODULE,
	.slots_min = 2,
	.slots_max = 2,
	.check = stress_check,
	.run = stress_run,
};

static int __init stress_init(void)
{
	BUILD_BUG_ON(sizeof(struct tally) > KCORO_RESULT_MAX);
	return kcoro_body_register(&stress_body);
}

static void __exit stress_exit(void)
{
	kcoro_body_unregister(&stress_body);
}

module_init(stress_init);
module_exit(stress_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The kcoro authors");
MODULE_DESCRIPTION("For kcoro's tests: the body stress");
MODULE_ALIAS("kcoro-body-stress");
