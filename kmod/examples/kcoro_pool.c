// SPDX-License-Identifier: GPL-2.0
/*
 * A pool of tasks that works off a queue, with a limit on how many do the costly
 * part at once; loading the module does some work and prints what it was.
 *
 * What to copy from here: the queue is shut down when all work was put, so each
 * worker ends by itself when it is empty; the wait group says when the last one
 * has; and a worker that fails says so and shuts the queue down at once, so that
 * neither the other workers nor init wait for work that nobody will do.
 */
#include <linux/delay.h>
#include <linux/kcoro.h>
#include <linux/kcoro_sync.h>

#define WORKERS		8
#define LIMIT		3
#define CAPACITY	16

static unsigned int jobs = 1000;
module_param(jobs, uint, 0444);
MODULE_PARM_DESC(jobs, "How much work there is");

/* One pool: workers and what they share. */
static struct kcoro_queue *queue;
static DEFINE_KCORO_SEM(limit, LIMIT);
static DEFINE_KCORO_MUTEX(lock);
static DEFINE_KCORO_WAITGROUP(running);
static u64 done, sum;	/* under the lock */
static int failure;	/* the first one, by cmpxchg */

/* The costly part: at most LIMIT at once. */
static int work(u64 job)
{
	int err = kcoro_sem_acquire(&limit, 1, KCORO_FOREVER);

	if (err)
		return err;
	err = kcoro_sleep_until(ktime_add_us(ktime_get(), 100));
	kcoro_sem_release(&limit, 1);
	if (err)
		return err;
	err = kcoro_mutex_lock(&lock, KCORO_FOREVER);
	if (err)
		return err;
	done++;
	sum += job;
	return kcoro_mutex_unlock(&lock);
}

static s64 worker(void *data)
{
	int err;
	u64 job;

	while (!(err = kcoro_queue_get(queue, &job, KCORO_FOREVER))) {
		err = work(job);
		kcoro_queue_task_done(queue);
		if (err)
			break;
	}
	if (err != -ESHUTDOWN) {
		cmpxchg(&failure, 0, err);
		kcoro_queue_shutdown(queue, true);
	}
	kcoro_waitgroup_done(&running);
	return 0;
}

/* Wait for the last worker; at a signal, let them end early, and wait all the same. */
static void finish(void)
{
	kcoro_queue_shutdown(queue, false);
	while (kcoro_waitgroup_wait(&running, KCORO_FOREVER)) {
		kcoro_queue_shutdown(queue, true);
		msleep(20);
	}
}

static int __init pool_init(void)
{
	struct kcoro_queue_args args = {
		.name = "jobs",
		.elem_size = sizeof(u64),
		.capacity = CAPACITY,
	};
	struct kcoro_task *task[WORKERS];
	int i, nr, err = 0;
	u64 job;

	queue = kcoro_queue_create(&args);
	if (IS_ERR(queue))
		return PTR_ERR(queue);
	for (nr = 0; nr < WORKERS; nr++) {
		kcoro_waitgroup_add(&running, 1);
		task[nr] = kcoro_go(worker, NULL);
		if (IS_ERR(task[nr])) {
			err = PTR_ERR(task[nr]);
			kcoro_waitgroup_done(&running);
			break;
		}
	}
	for (job = 1; job <= jobs && !err; job++)
		err = kcoro_queue_put(queue, &job, KCORO_FOREVER);
	finish();
	/* Their code goes away with the module if this fails. */
	for (i = 0; i < nr; i++) {
		while (kcoro_join(task[i], KCORO_FOREVER, NULL))
			msleep(20);
		kcoro_task_put(task[i]);
	}
	kcoro_queue_destroy(queue);
	err = failure ?: err;
	if (!err)
		pr_info("kcoro_pool: %llu jobs by %d tasks, sum %llu\n", done,
			WORKERS, sum);
	return err == -ERESTARTSYS ? -EINTR : err;
}

static void __exit pool_exit(void)
{
}

module_init(pool_init);
module_exit(pool_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The kcoro authors");
MODULE_DESCRIPTION("Example for kcoro: a pool of tasks that works off a queue");
