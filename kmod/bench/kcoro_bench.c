// SPDX-License-Identifier: GPL-2.0
/*
 * What kcoro's operations cost, beside what kernel code would use instead.
 *
 * Loading the module runs every row `runs` times, interleaved, so that what
 * disturbs one row disturbs its peers too, and prints lines of
 *	kcoro_bench: NAME NANOSECONDS...
 * to the kernel log, one figure for each run. selftests/bench/run makes the
 * table. Once it is loaded the module does nothing.
 *
 * All rows run on one CPU unless they say otherwise: each is started from a
 * thread bound to CPU 0.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kcoro.h>
#include <linux/kfifo.h>
#include <linux/kthread.h>
#include <linux/sched/task.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

static unsigned int runs = 5;
module_param(runs, uint, 0444);
MODULE_PARM_DESC(runs, "Times each row is measured, 1 to 16");

static unsigned int scale = 100;
module_param(scale, uint, 0444);
MODULE_PARM_DESC(scale, "Rounds of each row, in percent of the usual");

#define RUNS_MAX	16

static u32 rounds(u32 usual)
{
	return max(usual * scale / 100, 1U);
}

/* --- kcoro ---------------------------------------------------------------- */

struct pair {
	struct kcoro_chan *ping;
	struct kcoro_chan *pong;
	u32 rounds;
	u64 ns;
};

static s64 yield_task(void *data)
{
	struct pair *pair = data;
	u32 i;

	for (i = 0; i < pair->rounds; i++)
		kcoro_yield();
	return 0;
}

/* Has a second task yield to it as often as it does itself. */
static s64 yield_pair_task(void *data)
{
	struct kcoro_task *other = kcoro_go(yield_task, data);
	struct pair *pair = data;
	u64 start = ktime_get_ns();

	if (IS_ERR(other))
		return PTR_ERR(other);
	yield_task(data);
	pair->ns = ktime_get_ns() - start;
	kcoro_join(other, KCORO_FOREVER, NULL);
	kcoro_task_put(other);
	return 0;
}

static s64 ping_task(void *data)
{
	struct pair *pair = data;
	u64 start = ktime_get_ns(), value;
	u32 i;

	for (i = 0; i < pair->rounds; i++) {
		value = i;
		if (kcoro_send(pair->ping, &value, KCORO_FOREVER) ||
		    kcoro_recv(pair->pong, &value, KCORO_FOREVER) != 1)
			return -EIO;
	}
	pair->ns = ktime_get_ns() - start;
	return kcoro_chan_close(pair->ping);
}

static s64 pong_task(void *data)
{
	struct pair *pair = data;
	u64 value;

	while (kcoro_recv(pair->ping, &value, KCORO_FOREVER) == 1)
		if (kcoro_send(pair->pong, &value, KCORO_FOREVER))
			return -EIO;
	return 0;
}

static s64 self_task(void *data)
{
	struct pair *pair = data;
	u64 start = ktime_get_ns(), value = 0;
	u32 i;

	for (i = 0; i < pair->rounds; i++)
		if (kcoro_send(pair->ping, &value, KCORO_FOREVER) ||
		    kcoro_recv(pair->ping, &value, KCORO_FOREVER) != 1)
			return -EIO;
	pair->ns = ktime_get_ns() - start;
	return 0;
}

/* Run @first, and @second if there is one, over channels: ns for one round. */
static s64 run_pair(s64 (*first)(void *), s64 (*second)(void *), u32 capacity,
		    u32 n)
{
	struct pair pair = { .rounds = n };
	struct kcoro_task *a = NULL, *b = NULL;
	s64 ret = -ENOMEM;

	pair.ping = kcoro_chan_create(sizeof(u64), capacity);
	if (IS_ERR(pair.ping))
		return PTR_ERR(pair.ping);
	pair.pong = kcoro_chan_create(sizeof(u64), capacity);
	if (IS_ERR(pair.pong)) {
		kcoro_chan_drop(pair.ping, KCORO_SEND | KCORO_RECV);
		return PTR_ERR(pair.pong);
	}
	if (second)
		b = kcoro_go(second, &pair);
	if (!IS_ERR(b))
		a = kcoro_go(first, &pair);
	if (!IS_ERR_OR_NULL(a)) {
		kcoro_join(a, KCORO_FOREVER, &ret);
		kcoro_task_put(a);
	}
	kcoro_chan_close(pair.ping);
	kcoro_chan_close(pair.pong);
	if (!IS_ERR_OR_NULL(b)) {
		kcoro_join(b, KCORO_FOREVER, NULL);
		kcoro_task_put(b);
	}
	kcoro_chan_drop(pair.ping, KCORO_SEND | KCORO_RECV);
	kcoro_chan_drop(pair.pong, KCORO_SEND | KCORO_RECV);
	return ret < 0 ? ret : div_u64(pair.ns, n);
}

static s64 run_unbuffered(void)
{
	return run_pair(ping_task, pong_task, 0, rounds(100000));
}

static s64 run_buffered(void)
{
	return run_pair(self_task, NULL, 1, rounds(200000));
}

static s64 run_yield(void)
{
	return run_pair(yield_pair_task, NULL, 0, rounds(200000));
}

static int nothing(void *arg)
{
	return 0;
}

static s64 native_task(void *data)
{
	struct pair *pair = data;
	u64 start = ktime_get_ns();
	u32 i;

	for (i = 0; i < pair->rounds; i++)
		kcoro_native(nothing, NULL);
	pair->ns = ktime_get_ns() - start;
	return 0;
}

/* To the worker's stack and back: two switches. */
static s64 run_switch(void)
{
	s64 ns = run_pair(native_task, NULL, 0, rounds(200000));

	return ns < 0 ? ns : ns / 2;
}

static s64 nop_task(void *data)
{
	return 0;
}

static s64 spawner_task(void *data)
{
	struct pair *pair = data;
	u64 start = ktime_get_ns();
	u32 i;

	for (i = 0; i < pair->rounds; i++) {
		struct kcoro_task *task = kcoro_go(nop_task, NULL);

		if (IS_ERR(task))
			return PTR_ERR(task);
		kcoro_join(task, KCORO_FOREVER, NULL);
		kcoro_task_put(task);
	}
	pair->ns = ktime_get_ns() - start;
	return 0;
}

static s64 run_spawn(void)
{
	return run_pair(spawner_task, NULL, 0, rounds(50000));
}

/* --- What it is compared with ---------------------------------------------- */

struct kthreads {
	struct task_struct *thread[2];
	struct completion done;
	u32 rounds;
	u32 turn;
	u64 ns;
};

struct kthread_arg {
	struct kthreads *both;
	u32 me;
};

static int bounce_thread(void *data)
{
	struct kthread_arg *arg = data;
	struct kthreads *both = arg->both;
	u64 start = ktime_get_ns();
	u32 i;

	for (i = 0; i < both->rounds; i++) {
		for (;;) {
			set_current_state(TASK_IDLE);
			if (READ_ONCE(both->turn) == arg->me)
				break;
			schedule();
		}
		__set_current_state(TASK_RUNNING);
		WRITE_ONCE(both->turn, !arg->me);
		wake_up_process(both->thread[!arg->me]);
	}
	if (!arg->me)
		both->ns = ktime_get_ns() - start;
	complete(&both->done);
	while (!kthread_should_stop()) {
		set_current_state(TASK_IDLE);
		if (!kthread_should_stop())
			schedule();
		__set_current_state(TASK_RUNNING);
	}
	return 0;
}

/* Two kthreads wake each other on one CPU: ns there and back. */
static s64 run_kthreads(void)
{
	struct kthreads both = { .rounds = rounds(20000) };
	struct kthread_arg arg[2] = { { &both, 0 }, { &both, 1 } };
	int i;

	init_completion(&both.done);
	for (i = 0; i < 2; i++) {
		both.thread[i] = kthread_create_on_cpu(bounce_thread, &arg[i],
						       0, "kcoro_bench/%u");
		if (IS_ERR(both.thread[i])) {
			if (i)
				kthread_stop(both.thread[0]);
			return PTR_ERR(both.thread[i]);
		}
	}
	wake_up_process(both.thread[1]);
	wake_up_process(both.thread[0]);
	wait_for_completion(&both.done);
	wait_for_completion(&both.done);
	for (i = 0; i < 2; i++)
		kthread_stop(both.thread[i]);
	return div_u64(both.ns, both.rounds);
}

/* A queue of messages between two kthreads, as one writes it without kcoro. */
struct mailbox {
	DECLARE_KFIFO(fifo, u64, 2);
	wait_queue_head_t filled;
	wait_queue_head_t emptied;
};

struct mail {
	struct mailbox box[2];
	struct completion done;
	u32 rounds;
	u64 ns;
};

static void mailbox_init(struct mailbox *box)
{
	INIT_KFIFO(box->fifo);
	init_waitqueue_head(&box->filled);
	init_waitqueue_head(&box->emptied);
}

static void mail_put(struct mailbox *box, u64 value)
{
	wait_event_idle(box->emptied, kfifo_put(&box->fifo, value));
	wake_up(&box->filled);
}

static u64 mail_get(struct mailbox *box)
{
	u64 value;

	wait_event_idle(box->filled, kfifo_get(&box->fifo, &value));
	wake_up(&box->emptied);
	return value;
}

static int mail_pong(void *data)
{
	struct mail *mail = data;
	u32 i;

	for (i = 0; i < mail->rounds; i++)
		mail_put(&mail->box[1], mail_get(&mail->box[0]));
	complete(&mail->done);
	return 0;
}

static int mail_ping(void *data)
{
	struct mail *mail = data;
	u64 start = ktime_get_ns();
	u32 i;

	for (i = 0; i < mail->rounds; i++) {
		mail_put(&mail->box[0], i);
		mail_get(&mail->box[1]);
	}
	mail->ns = ktime_get_ns() - start;
	complete(&mail->done);
	return 0;
}

/* Two kthreads send each other a message on one CPU: ns there and back. */
static s64 run_mail(void)
{
	static int (*const fn[])(void *) = { mail_pong, mail_ping };
	struct mail mail = { .rounds = rounds(20000) };
	struct task_struct *thread[2];
	int i;

	init_completion(&mail.done);
	mailbox_init(&mail.box[0]);
	mailbox_init(&mail.box[1]);
	for (i = 0; i < 2; i++) {
		thread[i] = kthread_create_on_cpu(fn[i], &mail, 0,
						  "kcoro_bench/%u");
		if (IS_ERR(thread[i])) {
			if (i) {
				kthread_stop(thread[0]);
				put_task_struct(thread[0]);
			}
			return PTR_ERR(thread[i]);
		}
		get_task_struct(thread[i]);
	}
	for (i = 0; i < 2; i++)
		wake_up_process(thread[i]);
	for (i = 0; i < 2; i++)
		wait_for_completion(&mail.done);
	for (i = 0; i < 2; i++) {
		kthread_stop(thread[i]);
		put_task_struct(thread[i]);
	}
	return div_u64(mail.ns, mail.rounds);
}

struct bounce_work {
	struct work_struct work;
	struct completion done;
};

static void bounce_work_fn(struct work_struct *work)
{
	complete(&container_of(work, struct bounce_work, work)->done);
}

/* A work item on the same CPU, and its completion. */
static s64 run_workqueue(void)
{
	u32 i, n = rounds(20000);
	struct bounce_work bounce;
	u64 start;

	INIT_WORK_ONSTACK(&bounce.work, bounce_work_fn);
	init_completion(&bounce.done);
	start = ktime_get_ns();
	for (i = 0; i < n; i++) {
		queue_work_on(0, system_wq, &bounce.work);
		wait_for_completion(&bounce.done);
	}
	start = ktime_get_ns() - start;
	flush_work(&bounce.work);
	destroy_work_on_stack(&bounce.work);
	return div_u64(start, n);
}

static int nop_thread(void *data)
{
	complete(data);
	return 0;
}

/* A kthread made, run to its end, and waited for. */
static s64 run_kthread_create(void)
{
	u32 i, n = rounds(300);
	u64 start = ktime_get_ns();

	for (i = 0; i < n; i++) {
		struct completion done;
		struct task_struct *thread;

		init_completion(&done);
		thread = kthread_create_on_cpu(nop_thread, &done, 0,
					       "kcoro_bench/%u");
		if (IS_ERR(thread))
			return PTR_ERR(thread);
		get_task_struct(thread);
		wake_up_process(thread);
		wait_for_completion(&done);
		kthread_stop(thread);
		put_task_struct(thread);
	}
	return div_u64(ktime_get_ns() - start, n);
}

static const struct row {
	const char *name;
	s64 (*run)(void);
} rows[] = {
	{ "kcoro_switch", run_switch },
	{ "kcoro_yield", run_yield },
	{ "kcoro_unbuffered", run_unbuffered },
	{ "kcoro_buffered", run_buffered },
	{ "kcoro_spawn", run_spawn },
	{ "kthread_bounce", run_kthreads },
	{ "kthread_mail", run_mail },
	{ "workqueue", run_workqueue },
	{ "kthread_create", run_kthread_create },
};

static s64 figures[ARRAY_SIZE(rows)][RUNS_MAX];

static int bench_thread(void *data)
{
	unsigned int run, row;

	for (run = 0; run < runs; run++)
		for (row = 0; row < ARRAY_SIZE(rows); row++) {
			figures[row][run] = rows[row].run();
			if (figures[row][run] < 0) {
				pr_err("%s: error %lld\n", rows[row].name,
				       figures[row][run]);
				goto out;
			}
			cond_resched();
		}
out:
	complete(data);
	return 0;
}

static int __init bench_init(void)
{
	struct task_struct *thread;
	struct completion done;
	unsigned int run, row;

	if (runs < 1 || runs > RUNS_MAX || scale < 1 || scale > 10000)
		return -EINVAL;
	init_completion(&done);
	thread = kthread_create_on_cpu(bench_thread, &done, 0,
				       "kcoro_bench/%u");
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	get_task_struct(thread);
	wake_up_process(thread);
	wait_for_completion(&done);
	kthread_stop(thread);
	put_task_struct(thread);
	for (row = 0; row < ARRAY_SIZE(rows); row++) {
		char line[RUNS_MAX * 12];
		int len = 0;

		for (run = 0; run < runs; run++)
			len += scnprintf(line + len, sizeof(line) - len,
					 " %lld", figures[row][run]);
		pr_info("kcoro_bench: %s%s\n", rows[row].name, line);
	}
	return 0;
}

static void __exit bench_exit(void)
{
}

module_init(bench_init);
module_exit(bench_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Costs of kcoro's operations beside the kernel's own");
