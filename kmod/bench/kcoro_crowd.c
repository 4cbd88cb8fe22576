// SPDX-License-Identifier: GPL-2.0
/*
 * What many tasks at once take: tasks that block in plain kernel code, and tasks
 * that compute, on one CPU and on all.
 *
 * Loading the module runs every row `runs` times and prints lines of
 *	kcoro_crowd: NAME NANOSECONDS...
 * to the kernel log, as kcoro_bench does. Once it is loaded it does nothing.
 *
 *	burst_cold	1000 tasks in msleep(10), as many workers as there were
 *	burst		the same, once the workers are there
 *	burst_gap	the longest time between two turns of a task that sleeps
 *			for a millisecond at a time, meanwhile
 *	compute_one	tasks that compute, all pinned to one CPU
 *	compute_all	the same, not pinned
 */
#include <linux/delay.h>
#include <linux/kcoro.h>
#include <linux/ktime.h>
#include <linux/slab.h>

static unsigned int runs = 5;
module_param(runs, uint, 0444);
MODULE_PARM_DESC(runs, "Times each row is measured, 1 to 16");

#define RUNS_MAX	16
#define SLEEPERS	1000
#define COMPUTERS	32
#define COMPUTE_LOOPS	2000000ULL

enum row {
	BURST_COLD,
	BURST,
	BURST_GAP,
	COMPUTE_ONE,
	COMPUTE_ALL,
	ROWS,
};

static const char *const row_names[ROWS] = {
	"burst_cold", "burst", "burst_gap", "compute_one", "compute_all",
};

static u64 figures[ROWS][RUNS_MAX];
static struct kcoro_task *tasks[SLEEPERS];

static s64 sleeper(void *data)
{
	msleep(10);
	return 0;
}

/* What it is meant to be for others: something that keeps the CPU. */
static s64 computer(void *data)
{
	u64 i, sum = 0;

	for (i = 0; i < COMPUTE_LOOPS; i++) {
		sum += i * i;
		barrier();
		if (!(i % 1024) && kcoro_should_yield())
			kcoro_yield();
	}
	return sum & S64_MAX;
}

struct ticker {
	bool stop;
	u64 gap;
};

static s64 tick_away(void *data)
{
	struct ticker *ticker = data;
	u64 last = ktime_get_ns(), now;

	while (!READ_ONCE(ticker->stop)) {
		kcoro_sleep_ms(1);
		now = ktime_get_ns();
		ticker->gap = max(ticker->gap, now - last);
		last = now;
	}
	return 0;
}

/* Start some tasks, and wait for the end of all. */
static int crowd(s64 (*fn)(void *data), int nr, u32 flags, u64 *ns)
{
	struct kcoro_spawn_args args = {
		.fn = fn,
		.name = "crowd",
		.owner = THIS_MODULE,
		.flags = flags,
		.cpu = cpumask_first(cpu_online_mask),
	};
	u64 start = ktime_get_ns();
	int i, err = 0;

	if (!(flags & KCORO_SPAWN_PIN))
		args.cpu = 0;
	for (i = 0; i < nr; i++) {
		tasks[i] = kcoro_spawn(&args);
		if (IS_ERR(tasks[i])) {
			err = PTR_ERR(tasks[i]);
			break;
		}
	}
	while (i--) {
		kcoro_join(tasks[i], KCORO_FOREVER, NULL);
		kcoro_task_put(tasks[i]);
	}
	*ns = ktime_get_ns() - start;
	return err;
}

static int run_burst(u64 *ns, u64 *gap)
{
	struct ticker ticker = { .stop = false };
	struct kcoro_task *task = kcoro_go(tick_away, &ticker);
	int err;

	if (IS_ERR(task))
		return PTR_ERR(task);
	err = crowd(sleeper, SLEEPERS, 0, ns);
	WRITE_ONCE(ticker.stop, true);
	kcoro_join(task, KCORO_FOREVER, NULL);
	kcoro_task_put(task);
	*gap = ticker.gap;
	return err;
}

static int run_all(unsigned int run)
{
	u64 gap;

	return (run ? 0 : run_burst(&figures[BURST_COLD][0], &gap)) ?:
	       run_burst(&figures[BURST][run], &figures[BURST_GAP][run]) ?:
	       crowd(computer, COMPUTERS, KCORO_SPAWN_PIN,
		     &figures[COMPUTE_ONE][run]) ?:
	       crowd(computer, COMPUTERS, 0, &figures[COMPUTE_ALL][run]);
}

static int __init crowd_init(void)
{
	unsigned int run, row;
	int err;

	if (runs < 1 || runs > RUNS_MAX)
		return -EINVAL;
	for (run = 0; run < runs; run++) {
		err = run_all(run);
		if (err)
			return err;
	}
	for (row = 0; row < ROWS; row++) {
		char line[RUNS_MAX * 12];
		int len = 0;

		for (run = 0; run < (row == BURST_COLD ? 1 : runs); run++)
			len += scnprintf(line + len, sizeof(line) - len,
					 " %llu", figures[row][run]);
		pr_info("kcoro_crowd: %s%s\n", row_names[row], line);
	}
	return 0;
}

static void __exit crowd_exit(void)
{
}

module_init(crowd_init);
module_exit(crowd_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("What many tasks at once take");
