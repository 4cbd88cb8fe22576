// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of select_source.c: selects over channels, tasks, files and wait queues.
 * Whoever has to wait is a task; the test's own thread does what needs no
 * waiting.
 */
#include <kunit/test.h>
#include <linux/anon_inodes.h>
#include <linux/delay.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kcoro.h>
#include <linux/kcoro_group.h>
#include <linux/kcoro_sync.h>
#include <linux/poll.h>
#include <linux/random.h>

#include "chan.h"
#include "group.h"
#include "poll.h"
#include "sync.h"
#include "task.h"

#define GUARD	ktime_add_ms(ktime_get(), 30000) /* against hangs */
#define PAST	0
#define BOTH	(KCORO_SEND | KCORO_RECV)

#include "task_ops.h"

#define QUEUES	(KCORO_POLL_QUEUES_MAX + 1)
#define CASES	6

/**
 * struct src - a select of up to one case of each kind
 * @chan: of a case r
 * @value: what that received
 * @gate: what the task of a case j waits for
 * @ender: that task
 * @group: of a case g
 * @member: its task
 * @exit: what that waits for
 * @event: of a case e
 * @file: of a case p
 * @nr_queues: that its ->poll uses
 * @events: that the file has
 * @late: ->poll tells them only to who would wait
 * @queue: the file's wait queues; the first is also that of a case w
 * @asked: times that ->poll and the condition were asked
 * @holds: the condition
 * @second: called when the condition is asked for the second time
 * @c: the cases, in the order of their letters
 * @nr: number of cases
 * @task: runs the select, if it has to wait
 */
struct src {
	struct kcoro_chan *chan;
	u64 value;
	struct kcoro_chan *gate;
	struct kcoro_task *ender;
	struct kcoro_group *group;
	struct kcoro_task *member;
	struct kcoro_chan *exit;
	struct kcoro_event event;
	struct file *file;
	u32 nr_queues;
	__poll_t events;
	bool late;
	wait_queue_head_t queue[QUEUES];
	atomic_t asked;
	bool holds;
	void (*second)(struct src *src);
	struct kcoro_select_case c[CASES];
	u32 nr;
	struct kcoro_task *task;
};

static __poll_t src_poll(struct file *file, struct poll_table_struct *pt)
{
	struct src *src = file->private_data;
	u32 i;

	for (i = 0; i < src->nr_queues; i++)
		poll_wait(file, &src->queue[i], pt);
	atomic_inc(&src->asked);
	return src->late && poll_does_not_wait(pt) ? 0 : READ_ONCE(src->events);
}

static const struct file_operations src_fops = { .poll = src_poll };
static const struct file_operations no_poll_fops = { };

static bool src_holds(void *data)
{
	struct src *src = data;

	if (atomic_inc_return(&src->asked) == 2 && src->second)
		src->second(src);
	return READ_ONCE(src->holds);
}

static s64 wait_at_gate(void *data)
{
	struct src *src = data;
	u64 value;

	return kcoro_recv(src->gate, &value, KCORO_FOREVER);
}

static s64 wait_at_exit(void *data)
{
	struct src *src = data;
	u64 value;

	return kcoro_recv(src->exit, &value, KCORO_FOREVER);
}

static struct kcoro_select_case src_case(struct src *src, char kind)
{
	switch (kind) {
	case 'r':
		return (struct kcoro_select_case) {
			.op = KCORO_OP_RECV,
			.chan = src->chan,
			.msg = &src->value,
		};
	case 'j':
		return (struct kcoro_select_case) {
			.op = KCORO_OP_JOIN,
			.task = src->ender,
		};
	case 'g':
		return (struct kcoro_select_case) {
			.op = KCORO_OP_GROUP,
			.group = src->group,
		};
	case 'e':
		return (struct kcoro_select_case) {
			.op = KCORO_OP_EVENT,
			.event = &src->event,
		};
	case 'p':
		return (struct kcoro_select_case) {
			.op = KCORO_OP_POLL,
			.file = src->file,
			.events = EPOLLIN,
		};
	default:
		return (struct kcoro_select_case) {
			.op = KCORO_OP_WAITQ,
			.queue = &src->queue[0],
			.condition = src_holds,
			.data = src,
		};
	}
}

/* Kinds: a letter for each case: r, j, g, e, p, w. */
static struct src *make(struct kunit *test, const char *kinds)
{
	struct src *src = kunit_kzalloc(test, sizeof(*src), GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, src);
	src->chan = kcoro_chan_create(sizeof(u64), 1);
	src->gate = kcoro_chan_create(sizeof(u64), 0);
	src->exit = kcoro_chan_create(sizeof(u64), 0);
	src->file = anon_inode_getfile("[test]", &src_fops, src, O_RDWR);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, src->chan);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, src->gate);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, src->exit);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, src->file);
	for (i = 0; i < QUEUES; i++)
		init_waitqueue_head(&src->queue[i]);
	src->nr_queues = 1;
	src->ender = go(test, wait_at_gate, src);
	src->group = kcoro_group_create(NULL, 0, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, src->group);
	src->member = kcoro_group_spawn(src->group, &(struct kcoro_spawn_args) {
		.fn = wait_at_exit, .data = src, .owner = THIS_MODULE,
	}, KCORO_FOREVER);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, src->member);
	kcoro_event_init(&src->event, "test");
	for (i = 0; kinds[i]; i++)
		src->c[i] = src_case(src, kinds[i]);
	src->nr = i;
	return src;
}

/* Nothing is left in any queue, and all goes. */
static void drop(struct kunit *test, struct src *src)
{
	u32 i;

	KUNIT_EXPECT_NULL(test, src->chan->recvq.first);
	KUNIT_EXPECT_NULL(test, src->ender->joiners.first);
	KUNIT_EXPECT_NULL(test, src->group->waiters.first);
	KUNIT_EXPECT_NULL(test, kcoro_sync_waitq(&src->event.waiters)->first);
	for (i = 0; i < QUEUES; i++)
		/* Nobody comes or goes any more. */
		KUNIT_EXPECT_FALSE(test, waitqueue_active(&src->queue[i]));
	kcoro_chan_close(src->gate);
	kcoro_chan_close(src->exit);
	finish(test, src->ender);
	finish(test, src->member);
	kcoro_group_put(src->group);
	kcoro_chan_drop(src->gate, BOTH);
	kcoro_chan_drop(src->exit, BOTH);
	kcoro_chan_drop(src->chan, BOTH);
	/* At once, while the module's code is there: not by fput(). */
	__fput_sync(src->file);
}

static void make_ready(struct kunit *test, struct src *src, char kind)
{
	u64 value = 77;

	switch (kind) {
	case 'r':
		KUNIT_EXPECT_EQ(test, kcoro_send(src->chan, &value, PAST), 0);
		break;
	case 'j':
		kcoro_chan_close(src->gate);
		end_of(test, src->ender);
		break;
	case 'g':
		kcoro_chan_close(src->exit);
		KUNIT_EXPECT_EQ(test, kcoro_group_wait(src->group, KCORO_GROUP_ALL,
						       GUARD), 0);
		break;
	case 'e':
		kcoro_event_set(&src->event);
		break;
	case 'p':
		WRITE_ONCE(src->events, EPOLLIN | EPOLLOUT);
		wake_up_poll(&src->queue[0], EPOLLIN | EPOLLOUT);
		break;
	default:
		WRITE_ONCE(src->holds, true);
		wake_up(&src->queue[0]);
	}
}

static void expect_result(struct kunit *test, struct src *src, char kind,
			  u32 index)
{
	static const char kinds[] = "rjgepw";
	static const int results[] = { 1, 0, 0, 0, EPOLLIN, 0 };

	KUNIT_EXPECT_EQ(test, src->c[index].result,
			results[strchr(kinds, kind) - kinds]);
	if (kind == 'r')
		KUNIT_EXPECT_EQ(test, src->value, 77);
}

static int now(struct src *src, u32 flags)
{
	return kcoro_select(src->c, src->nr, flags | KCORO_SELECT_NOWAIT, 0);
}

static s64 src_run(void *data)
{
	struct src *src = data;

	return kcoro_select(src->c, src->nr, 0, KCORO_FOREVER);
}

static void await_parked(struct kunit *test, struct src *src)
{
	struct kcoro_task_info info;
	int guard = 30000;

	do {
		usleep_range(20, 100);
		kcoro_task_info(src->task, &info);
	} while (info.state != KCORO_TASK_PARKED && guard--);
	KUNIT_EXPECT_EQ(test, info.wait, KCORO_WAIT_SELECT);
}

/* Have a task run it, and see it wait. */
static void start(struct kunit *test, struct src *src)
{
	src->task = go(test, src_run, src);
	await_parked(test, src);
}

/* --- Each kind, beside all others -------------------------------------------- */

static const char all[] = "rjgepw";

static void source_nothing_is_ready(struct kunit *test)
{
	struct src *src = make(test, all);

	KUNIT_EXPECT_EQ(test, now(src, 0), -EAGAIN);
	KUNIT_EXPECT_EQ(test, now(src, KCORO_SELECT_PRIORITY), -EAGAIN);
	drop(test, src);
}

static void source_is_ready(struct kunit *test)
{
	u32 i;

	for (i = 0; all[i]; i++) {
		struct src *src = make(test, all);

		make_ready(test, src, all[i]);
		KUNIT_EXPECT_EQ(test, now(src, 0), i);
		expect_result(test, src, all[i], i);
		drop(test, src);
	}
}

static void source_wakes(struct kunit *test)
{
	u32 i;

	for (i = 0; all[i]; i++) {
		struct src *src = make(test, all);

		start(test, src);
		make_ready(test, src, all[i]);
		KUNIT_EXPECT_EQ(test, finish(test, src->task), i);
		expect_result(test, src, all[i], i);
		drop(test, src);
	}
}

static void source_wakes_without_channels(struct kunit *test)
{
	static const char some[] = "jgepw";
	u32 i;

	for (i = 0; some[i]; i++) {
		struct src *src = make(test, some);

		start(test, src);
		make_ready(test, src, some[i]);
		KUNIT_EXPECT_EQ(test, finish(test, src->task), i);
		drop(test, src);
	}
}

/* As many as need an allocation for channels too. */
static void source_wakes_in_a_long_select(struct kunit *test)
{
	struct src *src = make(test, "rrrjw");

	start(test, src);
	make_ready(test, src, 'w');
	KUNIT_EXPECT_EQ(test, finish(test, src->task), 4);
	drop(test, src);
}

static void source_priority_holds_for_all_kinds(struct kunit *test)
{
	static const char *const orders[] = {
		"rjgepw", "jgepwr", "gepwrj", "epwrjg", "pwrjge", "wrjgep",
	};
	u32 i, k;

	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		struct src *src = make(test, orders[i]);

		for (k = CASES; k > 0; k--) {
			make_ready(test, src, orders[i][k - 1]);
			KUNIT_EXPECT_EQ(test, now(src, KCORO_SELECT_PRIORITY),
					k - 1);
			/* A message was received: it is there again. */
			if (orders[i][k - 1] == 'r')
				make_ready(test, src, 'r');
		}
		drop(test, src);
	}
}

/* Of six that are ready each is drawn sometimes: about 166 of 1000. */
static void source_is_drawn_evenly(struct kunit *test)
{
	struct src *src = make(test, all);
	u32 count[CASES] = {}, i;

	for (i = 0; all[i]; i++)
		make_ready(test, src, all[i]);
	for (i = 0; i < 1000; i++) {
		int index = now(src, 0);

		KUNIT_ASSERT_GE(test, index, 0);
		count[index]++;
		if (!index)
			make_ready(test, src, 'r');
	}
	/* eight times the standard deviation of 11.8 */
	for (i = 0; i < CASES; i++) {
		KUNIT_EXPECT_GT(test, count[i], 72);
		KUNIT_EXPECT_LT(test, count[i], 260);
	}
	drop(test, src);
}

/* --- Nobody wins ---------------------------------------------------------------- */

static void source_deadline_leaves_nothing_behind(struct kunit *test)
{
	struct src *src = make(test, all);

	KUNIT_EXPECT_EQ(test, kcoro_select(src->c, src->nr, 0, PAST), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, kcoro_select(src->c, src->nr, 0,
					   ktime_add_us(ktime_get(), 500)),
			-ETIMEDOUT);
	drop(test, src);
}

static void source_deadline_in_the_past_tries_once(struct kunit *test)
{
	struct src *src = make(test, all);

	make_ready(test, src, 'p');
	KUNIT_EXPECT_EQ(test, kcoro_select(src->c, src->nr, 0, PAST), 4);
	drop(test, src);
}

static void source_cancel_leaves_nothing_behind(struct kunit *test)
{
	struct src *src = make(test, all);

	start(test, src);
	kcoro_cancel(src->task);
	KUNIT_EXPECT_EQ(test, finish(test, src->task), -ECANCELED);
	drop(test, src);
}

/* --- Wake-ups for nothing ---------------------------------------------------------- */

/* It asks once more, and waits again. */
static void expect_asked(struct kunit *test, struct src *src, int before)
{
	int guard = 30000;

	while (atomic_read(&src->asked) < before + 2 && guard--)
		usleep_range(20, 100);
	/* Before it waits, and after it is in the queue. */
	KUNIT_EXPECT_EQ(test, atomic_read(&src->asked), before + 2);
	await_parked(test, src);
}

static void source_queue_wakes_for_nothing(struct kunit *test)
{
	struct src *src = make(test, "rw");
	u32 i;

	start(test, src);
	for (i = 0; i < 3; i++) {
		int before = atomic_read(&src->asked);

		wake_up(&src->queue[0]);
		expect_asked(test, src, before);
	}
	make_ready(test, src, 'w');
	KUNIT_EXPECT_EQ(test, finish(test, src->task), 1);
	drop(test, src);
}

static void source_file_wakes_for_nothing(struct kunit *test)
{
	struct src *src = make(test, "rp");
	int before;

	start(test, src);
	before = atomic_read(&src->asked);
	wake_up_poll(&src->queue[0], EPOLLIN);
	expect_asked(test, src, before);
	before = atomic_read(&src->asked);
	wake_up(&src->queue[0]);
	expect_asked(test, src, before);
	make_ready(test, src, 'r');
	KUNIT_EXPECT_EQ(test, finish(test, src->task), 0);
	drop(test, src);
}

static void source_file_wakes_for_its_events_only(struct kunit *test)
{
	struct src *src = make(test, "rp");
	int before;

	start(test, src);
	before = atomic_read(&src->asked);
	WRITE_ONCE(src->events, EPOLLOUT);
	wake_up_poll(&src->queue[0], EPOLLOUT);
	KUNIT_EXPECT_EQ(test, atomic_read(&src->asked), before);
	WRITE_ONCE(src->events, EPOLLOUT | EPOLLHUP);
	wake_up_poll(&src->queue[0], EPOLLHUP);
	KUNIT_EXPECT_EQ(test, finish(test, src->task), 1);
	KUNIT_EXPECT_EQ(test, src->c[1].result, EPOLLHUP);
	drop(test, src);
}

/* --- Between the first answer and the sleep ------------------------------------------ */

static void send_one(struct src *src)
{
	u64 value = 77;

	kcoro_try_send(src->chan, &value);
}

static void send_one_and_hold(struct src *src)
{
	send_one(src);
	src->holds = true;
}

static void hold(struct src *src)
{
	src->holds = true;
}

static void wake_for_nothing(struct src *src)
{
	wake_up(&src->queue[0]);
}

static int with_second(struct kunit *test, void (*second)(struct src *src))
{
	struct src *src = make(test, "rw");
	int index;

	src->second = second;
	index = kcoro_select(src->c, 2, KCORO_SELECT_PRIORITY, GUARD);
	if (!index)
		KUNIT_EXPECT_EQ(test, src->value, 77);
	if (second == send_one_and_hold)
		KUNIT_EXPECT_EQ(test, now(src, 0), 1);
	drop(test, src);
	return index;
}

static void source_is_ready_once_it_is_enqueued(struct kunit *test)
{
	struct src *src = make(test, "rp");

	src->late = true;
	src->events = EPOLLIN;
	KUNIT_EXPECT_EQ(test, kcoro_select(src->c, 2, 0, GUARD), 1);
	KUNIT_EXPECT_EQ(test, src->c[1].result, EPOLLIN);
	drop(test, src);
	KUNIT_EXPECT_EQ(test, with_second(test, hold), 1);
}

static void source_loses_to_a_message(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, with_second(test, send_one), 0);
	KUNIT_EXPECT_EQ(test, with_second(test, send_one_and_hold), 0);
}

static void source_wakes_before_the_sleep(struct kunit *test)
{
	struct src *src = make(test, "w");

	src->second = wake_for_nothing;
	start(test, src);
	/* Twice in vain: the wake-up came between the two. */
	KUNIT_EXPECT_EQ(test, atomic_read(&src->asked), 4);
	make_ready(test, src, 'w');
	KUNIT_EXPECT_EQ(test, finish(test, src->task), 0);
	drop(test, src);
}

/* --- Files ---------------------------------------------------------------------------- */

static void source_file_with_too_many_queues(struct kunit *test)
{
	struct src *src = make(test, "rp");

	src->nr_queues = QUEUES - 1;
	KUNIT_EXPECT_EQ(test, kcoro_select(src->c, 2, 0, PAST), -ETIMEDOUT);
	src->nr_queues = QUEUES;
	KUNIT_EXPECT_EQ(test, kcoro_select(src->c, 2, 0, GUARD), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, kcoro_poll_file(src->file, EPOLLIN, GUARD),
			-EOPNOTSUPP);
	make_ready(test, src, 'p');
	KUNIT_EXPECT_EQ(test, kcoro_select(src->c, 2, 0, GUARD), 1);
	KUNIT_EXPECT_EQ(test, kcoro_poll_file(src->file, EPOLLIN, GUARD), 0);
	drop(test, src);
}

/* Who frees a wait queue finds it empty, before anybody who waits has run. */
static void source_file_loses_its_queue(struct kunit *test)
{
	struct src *src = make(test, "rp");
	wait_queue_head_t *queue = &src->queue[0];
	unsigned long flags;
	bool before, after;

	start(test, src);
	src->nr_queues = 0;
	WRITE_ONCE(src->events, EPOLLIN);
	spin_lock_irqsave(&queue->lock, flags);
	before = waitqueue_active(queue); /* under its lock */
	__wake_up_locked_key(queue, TASK_NORMAL,
			     poll_to_key(EPOLLHUP | POLLFREE));
	after = waitqueue_active(queue); /* likewise */
	spin_unlock_irqrestore(&queue->lock, flags);
	KUNIT_EXPECT_TRUE(test, before);
	KUNIT_EXPECT_FALSE(test, after);
	KUNIT_EXPECT_EQ(test, finish(test, src->task), 1);
	drop(test, src);
}

/* --- What is wrong ----------------------------------------------------------------------- */

static s64 join_itself(void *data)
{
	struct kcoro_select_case c[2] = {
		{ .op = KCORO_OP_RECV },
		{ .op = KCORO_OP_JOIN, .task = kcoro_current() },
	};

	return kcoro_select(c, 2, 0, PAST);
}

static void source_own_end_is_edeadlk(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, finish(test, go(test, join_itself, NULL)),
			-EDEADLK);
}

static void source_nil_is_never_ready(struct kunit *test)
{
	struct kcoro_select_case c[] = {
		{ .op = KCORO_OP_JOIN },
		{ .op = KCORO_OP_POLL },
		{ .op = KCORO_OP_WAITQ },
		{ .op = KCORO_OP_GROUP },
		{ .op = KCORO_OP_EVENT },
		{ .op = KCORO_OP_RECV },
	};

	KUNIT_EXPECT_EQ(test, kcoro_select(c, 6, KCORO_SELECT_NOWAIT, 0),
			-EAGAIN);
	KUNIT_EXPECT_EQ(test, kcoro_select(c, 6, 0, PAST), -ETIMEDOUT);
}

static void source_refuses_what_is_wrong(struct kunit *test)
{
	struct src *src = make(test, "rjpwge");
	struct file *file = anon_inode_getfile("[test]", &no_poll_fops, NULL,
					       O_RDWR);
	u32 i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, file);
	make_ready(test, src, 'p');
	for (i = 1; i < CASES; i++) {
		src->c[i].chan = src->chan;
		KUNIT_EXPECT_EQ(test, now(src, 0), -EINVAL);
		src->c[i].chan = NULL;
	}
	src->c[2].events = EPOLLIN | EPOLLET;
	KUNIT_EXPECT_EQ(test, now(src, 0), -EINVAL);
	src->c[2].events = EPOLLIN;
	src->c[2].file = file;
	KUNIT_EXPECT_EQ(test, now(src, 0), -EOPNOTSUPP);
	src->c[2].file = src->file;
	src->c[3].condition = NULL;
	KUNIT_EXPECT_EQ(test, now(src, 0), -EINVAL);
	src->c[3].condition = src_holds;
	src->c[1].op = 6;
	KUNIT_EXPECT_EQ(test, now(src, 0), -EINVAL);
	__fput_sync(file);
	drop(test, src);
}

/* --- Races ---------------------------------------------------------------------------------- */

#define ROUNDS	300

static void spin(u32 us)
{
	ktime_t until = ktime_add_us(ktime_get(), us);

	while (ktime_before(ktime_get(), until))
		cpu_relax();
}

struct rival {
	struct src *src;
	u32 us;
	char kind;
};

static s64 compete(void *data)
{
	struct rival *rival = data;
	struct src *src = rival->src;
	u64 value = 77;

	spin(rival->us);
	switch (rival->kind) {
	case 'r':
		return kcoro_send(src->chan, &value, PAST);
	case 'j':
		return kcoro_chan_close(src->gate);
	default:
		WRITE_ONCE(src->holds, true);
		wake_up(&src->queue[0]);
		return 0;
	}
}

/* A message, the end of a task, a condition and a deadline: one is chosen. */
static void source_race_has_one_winner(struct kunit *test)
{
	static const char kinds[] = "rjw";
	u32 n, i;

	for (n = 0; n < ROUNDS; n++) {
		struct src *src = make(test, kinds);
		struct kcoro_task *task[3];
		struct rival rival[3];
		u64 value = 0;
		int index;

		for (i = 0; i < 3; i++) {
			rival[i] = (struct rival) {
				src, get_random_u32() % 64, kinds[i]
			};
			task[i] = go(test, compete, &rival[i]);
		}
		index = kcoro_select(src->c, 3, 0,
				     ktime_add_us(ktime_get(),
						  get_random_u32() % 128));
		if (index == 1)
			KUNIT_EXPECT_TRUE(test, kcoro_task_done(src->ender));
		if (index == 2)
			KUNIT_EXPECT_TRUE(test, src->holds);
		if (index < 0)
			KUNIT_EXPECT_EQ(test, index, -ETIMEDOUT);
		for (i = 0; i < 3; i++)
			KUNIT_EXPECT_EQ(test, finish(test, task[i]), 0);
		/* The message was received here, or it is still there. */
		if (index)
			KUNIT_EXPECT_EQ(test, kcoro_try_recv(src->chan, &value),
					1);
		else
			value = src->value;
		KUNIT_EXPECT_EQ(test, value, 77);
		KUNIT_EXPECT_EQ(test, kcoro_try_recv(src->chan, &value),
				-EAGAIN);
		drop(test, src);
	}
}

/* No wake-up gets lost: without one the select would hang. */
static void source_race_loses_no_wake(struct kunit *test)
{
	static const char kinds[] = "jw";
	u32 n;

	for (n = 0; n < 2 * ROUNDS; n++) {
		struct src *src = make(test, "rjw");
		struct rival rival = {
			src, get_random_u32() % 32, kinds[n % 2]
		};
		struct kcoro_task *task = go(test, compete, &rival);

		KUNIT_EXPECT_EQ(test, kcoro_select(src->c, 3, 0, GUARD),
				1 + n % 2);
		KUNIT_EXPECT_EQ(test, finish(test, task), 0);
		drop(test, src);
	}
}

static struct kunit_case source_cases[] = {
	KUNIT_CASE(source_nothing_is_ready),
	KUNIT_CASE(source_is_ready),
	KUNIT_CASE(source_wakes),
	KUNIT_CASE(source_wakes_without_channels),
	KUNIT_CASE(source_wakes_in_a_long_select),
	KUNIT_CASE(source_priority_holds_for_all_kinds),
	KUNIT_CASE(source_is_drawn_evenly),
	KUNIT_CASE(source_deadline_leaves_nothing_behind),
	KUNIT_CASE(source_deadline_in_the_past_tries_once),
	KUNIT_CASE(source_cancel_leaves_nothing_behind),
	KUNIT_CASE(source_queue_wakes_for_nothing),
	KUNIT_CASE(source_file_wakes_for_nothing),
	KUNIT_CASE(source_file_wakes_for_its_events_only),
	KUNIT_CASE(source_is_ready_once_it_is_enqueued),
	KUNIT_CASE(source_loses_to_a_message),
	KUNIT_CASE(source_wakes_before_the_sleep),
	KUNIT_CASE(source_file_with_too_many_queues),
	KUNIT_CASE(source_file_loses_its_queue),
	KUNIT_CASE(source_own_end_is_edeadlk),
	KUNIT_CASE(source_nil_is_never_ready),
	KUNIT_CASE(source_refuses_what_is_wrong),
	KUNIT_CASE(source_race_has_one_winner),
	KUNIT_CASE(source_race_loses_no_wake),
	{}
};

static struct kunit_suite source_suite = {
	.name = "kcoro_select_source",
	.test_cases = source_cases,
};

kunit_test_suites(&source_suite);
