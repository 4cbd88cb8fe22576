// SPDX-License-Identifier: GPL-2.0
/*
 * The prime sieve of tasks, from a module's init function.
 *
 * A generator sends 2, 3, 4, ...; the first number that comes out of the chain
 * is the next prime, and a filter is added behind it. This is the classic of
 * goroutines, with kcoro_go() for "go".
 *
 * What to copy from here: each task owns what it was given and gives it up at
 * its end, so the chain falls apart by itself when its last receiver is gone;
 * and init waits for every task before it returns, as code and data go away
 * with the module if it fails.
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kcoro.h>
#include <linux/mm.h>
#include <linux/slab.h>

#define PRIMES_MAX	10000

static unsigned int n = 100;
module_param(n, uint, 0444);
MODULE_PARM_DESC(n, "Which prime to find, 1 to 10000");

/**
 * struct stage - what a task of the chain owns
 * @in: receiving end of this channel, NULL for the generator
 * @out: sending end of this channel
 * @prime: for filters
 */
struct stage {
	struct kcoro_chan *in;
	struct kcoro_chan *out;
	int prime;
};

static s64 generate(void *data)
{
	struct stage *stage = data;
	int number = 2;

	while (!kcoro_send(stage->out, &number, KCORO_FOREVER))
		number++;
	kcoro_chan_drop(stage->out, KCORO_SEND);
	kfree(stage);
	return 0;
}

static s64 filter(void *data)
{
	struct stage *stage = data;
	int number;

	while (kcoro_recv(stage->in, &number, KCORO_FOREVER) > 0) {
		if (number % stage->prime &&
		    kcoro_send(stage->out, &number, KCORO_FOREVER))
			break;
	}
	kcoro_chan_drop(stage->in, KCORO_RECV);
	kcoro_chan_drop(stage->out, KCORO_SEND);
	kfree(stage);
	return 0;
}

/* Put a task at the end of the chain; its output becomes *@last. */
static struct kcoro_task *add(struct kcoro_chan **last, int prime)
{
	struct kcoro_task *task;
	struct kcoro_chan *out;
	struct stage *stage;

	stage = kmalloc(sizeof(*stage), GFP_KERNEL);
	if (!stage)
		return ERR_PTR(-ENOMEM);
	out = kcoro_chan_create(sizeof(int), 0);
	if (IS_ERR(out)) {
		kfree(stage);
		return ERR_CAST(out);
	}
	*stage = (struct stage){ .in = *last, .out = out, .prime = prime };
	if (prime)
		task = kcoro_go(filter, stage);
	else
		task = kcoro_go(generate, stage);
	if (IS_ERR(task)) {
		kcoro_chan_drop(out, KCORO_SEND | KCORO_RECV);
		kfree(stage);
	} else {
		*last = out;
	}
	return task;
}

/* Wait for a task's end, also if a signal is pending. */
static void stop(struct kcoro_task *task)
{
	kcoro_cancel(task);
	while (kcoro_join(task, KCORO_FOREVER, NULL))
		msleep(20);
	kcoro_task_put(task);
}

static int __init sieve_init(void)
{
	struct kcoro_chan *last = NULL;
	struct kcoro_task **tasks;
	unsigned int i, nr = 0;
	int ret = 1, prime = 0;
	u64 start;

	if (n < 1 || n > PRIMES_MAX)
		return -EINVAL;
	tasks = kvmalloc_array(n, sizeof(*tasks), GFP_KERNEL);
	if (!tasks)
		return -ENOMEM;

	start = ktime_get_ns();
	while (nr < n && ret > 0) {
		struct kcoro_task *task = add(&last, prime);

		if (IS_ERR(task)) {
			ret = PTR_ERR(task);
			break;
		}
		tasks[nr++] = task;
		ret = kcoro_recv(last, &prime, KCORO_FOREVER);
	}
	if (ret > 0)
		pr_info("kcoro_sieve: prime %u is %d, after %llu us\n", n,
			prime, (ktime_get_ns() - start) / NSEC_PER_USEC);

	if (last)
		kcoro_chan_drop(last, KCORO_RECV);
	for (i = 0; i < nr; i++)
		stop(tasks[i]);
	kvfree(tasks);
	if (ret == -ERESTARTSYS)
		return -EINTR;
	return ret > 0 ? 0 : ret ?: -EIO;
}

static void __exit sieve_exit(void)
{
}

module_init(sieve_init);
module_exit(sieve_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The kcoro authors");
MODULE_DESCRIPTION("Example for kcoro: a prime sieve of tasks");
