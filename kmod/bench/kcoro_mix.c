// SPDX-License-Identifier: GPL-2.0
/*
 * How long tasks of different kinds wait, on the live system and under the
 * policy that is set.
 *
 * Loading the module runs a mix of tasks for `ms` milliseconds, `load` times of
 * it for each CPU, and prints lines of
 *	kcoro_mix: CLASS RUNS MEAN-NS WORST-NS
 * to the kernel log: of the time from when a task was due, or gave way, until it
 * ran. selftests/bench/run makes the table. Once it is loaded the module does
 * nothing.
 *	pings	sleep for 5 ms, compute for 50 us, and again
 *	burners	compute, and give way whenever they are asked to
 *	jobs	are spawned every 3 ms by a thread, and compute for 0.5 ms
 *
 * Computing is looking at the clock, so that it takes as long everywhere.
 */
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/kcoro.h>
#include <linux/kthread.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#define PINGS		4
#define PING_NS		(50 * NSEC_PER_USEC)
#define PING_SLEEP_MS	5
#define BURNERS		4
#define JOB_NS		(500 * NSEC_PER_USEC)
#define JOB_EVERY_US	3000
#define MS_MAX		600000

static unsigned int ms = 5000;
module_param(ms, uint, 0444);
MODULE_PARM_DESC(ms, "How long, milliseconds (default 5000)");

static unsigned int load = 1;
module_param(load, uint, 0444);
MODULE_PARM_DESC(load, "Times the mix for each CPU, 1 to 16");

enum class { PING, BURNER, JOB, CLASSES };

static const char *const names[] = { "pings", "burners", "jobs" };

struct job {
	struct kcoro_task *task;
	u64 due;
};

static struct waits {
	spinlock_t lock;	/* guards the rest */
	u64 nr;
	u64 sum;
	u64 worst;
} waits[CLASSES];

static u64 end_ns;

static void waited(enum class class, u64 due)
{
	u64 wait = ktime_get_ns() - due;

	spin_lock(&waits[class].lock);
	waits[class].nr++;
	waits[class].sum += wait;
	waits[class].worst = max(waits[class].worst, wait);
	spin_unlock(&waits[class].lock);
}

static void compute(u64 ns)
{
	u64 end = ktime_get_ns() + ns;

	while (ktime_get_ns() < end)
		cpu_relax();
}

static s64 ping(void *data)
{
	ktime_t due;

	while (ktime_get_ns() < READ_ONCE(end_ns)) {
		due = ktime_add_ms(ktime_get(), PING_SLEEP_MS);
		if (kcoro_sleep_until(due))
			break;
		waited(PING, ktime_to_ns(due));
		compute(PING_NS);
	}
	return 0;
}

static s64 burn(void *data)
{
	while (ktime_get_ns() < READ_ONCE(end_ns)) {
		u64 since = ktime_get_ns();

		if (kcoro_should_yield() && kcoro_yield())
			waited(BURNER, since);
	}
	return 0;
}

static s64 job(void *data)
{
	waited(JOB, ((struct job *)data)->due);
	compute(JOB_NS);
	return 0;
}

static void join(struct kcoro_task *task)
{
	kcoro_join(task, KCORO_FOREVER, NULL);
	kcoro_task_put(task);
}

/* A thread per CPU spawns the jobs, in time whoever runs. */
struct spawner {
	struct task_struct *thread;
	struct completion done;
	struct job *jobs;
	u32 nr;
	int err;
};

static int spawn_jobs(void *data)
{
	struct spawner *spawner = data;
	struct kcoro_task *tasks[PINGS + BURNERS];
	u32 i, nr_tasks, nr_jobs = 0;

	sched_set_fifo_low(current);
	for (nr_tasks = 0; nr_tasks < ARRAY_SIZE(tasks); nr_tasks++) {
		tasks[nr_tasks] = nr_tasks < PINGS ? kcoro_go(ping, NULL) :
						     kcoro_go(burn, NULL);
		if (IS_ERR(tasks[nr_tasks])) {
			spawner->err = PTR_ERR(tasks[nr_tasks]);
			break;
		}
	}
	for (; nr_jobs < spawner->nr && !spawner->err; nr_jobs++) {
		struct job *one = &spawner->jobs[nr_jobs];

		usleep_range(JOB_EVERY_US, JOB_EVERY_US + 1);
		if (ktime_get_ns() >= READ_ONCE(end_ns))
			break;
		one->due = ktime_get_ns();
		one->task = kcoro_go(job, one);
		if (IS_ERR(one->task)) {
			spawner->err = PTR_ERR(one->task);
			break;
		}
	}
	for (i = 0; i < nr_jobs; i++)
		join(spawner->jobs[i].task);
	for (i = 0; i < nr_tasks; i++)
		join(tasks[i]);
	complete(&spawner->done);
	return 0;
}

static int spawner_start(struct spawner *spawner, unsigned int cpu)
{
	init_completion(&spawner->done);
	spawner->nr = ms * USEC_PER_MSEC / JOB_EVERY_US + 1;
	spawner->jobs = kvcalloc(spawner->nr, sizeof(*spawner->jobs),
				 GFP_KERNEL);
	if (!spawner->jobs)
		return -ENOMEM;
	spawner->thread = kthread_create_on_cpu(spawn_jobs, spawner, cpu,
						"kcoro_mix/%u");
	if (IS_ERR(spawner->thread)) {
		kvfree(spawner->jobs);
		return PTR_ERR(spawner->thread);
	}
	get_task_struct(spawner->thread);
	wake_up_process(spawner->thread);
	return 0;
}

static int spawner_finish(struct spawner *spawner)
{
	wait_for_completion(&spawner->done);
	kthread_stop(spawner->thread);
	put_task_struct(spawner->thread);
	kvfree(spawner->jobs);
	return spawner->err;
}

static int __init mix_init(void)
{
	unsigned int i, nr, most, cpu = cpumask_first(cpu_online_mask);
	struct spawner *spawners;
	int err = 0, failed;

	if (ms < 1 || ms > MS_MAX || load < 1 || load > 16)
		return -EINVAL;
	for (i = 0; i < CLASSES; i++)
		spin_lock_init(&waits[i].lock);
	most = num_online_cpus() * load;
	spawners = kcalloc(most, sizeof(*spawners), GFP_KERNEL);
	if (!spawners)
		return -ENOMEM;
	end_ns = ktime_get_ns() + (u64)ms * NSEC_PER_MSEC;
	for (nr = 0; nr < most && !err; nr += !err) {
		err = spawner_start(&spawners[nr], cpu);
		cpu = cpumask_next(cpu, cpu_online_mask);
		if (cpu >= nr_cpu_ids)
			cpu = cpumask_first(cpu_online_mask);
	}
	if (err)
		WRITE_ONCE(end_ns, 0);
	for (i = 0; i < nr; i++) {
		failed = spawner_finish(&spawners[i]);
		err = err ?: failed;
	}
	kfree(spawners);
	if (err)
		return err;
	for (i = 0; i < CLASSES; i++)
		pr_info("kcoro_mix: %s %llu %llu %llu\n", names[i], waits[i].nr,
			div64_u64(waits[i].sum, max(waits[i].nr, 1ULL)),
			waits[i].worst);
	return 0;
}

static void __exit mix_exit(void)
{
}

module_init(mix_init);
module_exit(mix_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The kcoro authors");
MODULE_DESCRIPTION("How long tasks wait under the policy that is set");
