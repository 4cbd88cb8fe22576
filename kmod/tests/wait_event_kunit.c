// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of kcoro_wait_event(): tasks and threads that wait as by wait_event().
 */
#include <linux/kcoro.h>
#include <linux/wait.h>

#include "sync_ops.h"

struct scene {
	wait_queue_head_t queue;
	bool so;
	atomic_t asked;
};

static int scene_init(struct kunit *test)
{
	struct scene *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s);
	init_waitqueue_head(&s->queue);
	test->priv = s;
	return 0;
}

static bool is_so(void *data)
{
	struct scene *s = data;

	atomic_inc(&s->asked);
	return READ_ONCE(s->so);
}

static int wait_call(struct call *call)
{
	struct scene *s = call->obj;

	return kcoro_wait_event(&s->queue, is_so, s, call->deadline);
}

static bool someone_waits(struct scene *s)
{
	return !list_empty(&s->queue.head);
}

static void await_asleep(struct kunit *test, int nr)
{
	struct scene *s = test->priv;
	struct wait_queue_entry *entry;
	ktime_t guard = GUARD;
	int found;

	do {
		usleep_range(500, 1000);
		found = 0;
		spin_lock_irq(&s->queue.lock);
		list_for_each_entry(entry, &s->queue.head, entry)
			found++;
		spin_unlock_irq(&s->queue.lock);
	} while (found != nr && ktime_before(ktime_get(), guard));
	KUNIT_ASSERT_EQ(test, found, nr);
}

static void await_asked(struct kunit *test, int times)
{
	struct scene *s = test->priv;
	ktime_t guard = GUARD;

	while (atomic_read(&s->asked) < times &&
	       ktime_before(ktime_get(), guard))
		usleep_range(500, 1000);
	KUNIT_EXPECT_GE(test, atomic_read(&s->asked), times);
}

static void what_is_so_needs_no_waiting(struct kunit *test)
{
	struct scene *s = test->priv;
	struct call *call = calls(test, 1, wait_call, s);

	s->so = true;
	call->deadline = PAST;
	call_in_task(test, call);
	KUNIT_EXPECT_EQ(test, result_of(test, call), 0);
	KUNIT_EXPECT_FALSE(test, someone_waits(s));
}

/* Woken for nothing they wait on; then one wake-up is for all. */
static void all_wait_until_it_is_so(struct kunit *test)
{
	struct scene *s = test->priv;
	struct call *call = calls(test, 4, wait_call, s);
	int i, asked;

	for (i = 0; i < 4; i++)
		call_in_turn(test, &call[i], i);
	await_asleep(test, 4);
	asked = atomic_read(&s->asked);
	wake_up_all(&s->queue);
	await_asked(test, asked + 4);
	await_asleep(test, 4);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_FALSE(test, ended(&call[i]));
	WRITE_ONCE(s->so, true);
	wake_up_all(&s->queue);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, result_of(test, &call[i]), 0);
	KUNIT_EXPECT_FALSE(test, someone_waits(s));
}

/* It becomes so at any moment of a wait that begins. */
static void no_wake_up_is_lost(struct kunit *test)
{
	struct scene *s = test->priv;
	struct call *call;
	int i;

	for (i = 0; i < 200; i++) {
		call = calls(test, 2, wait_call, s);
		WRITE_ONCE(s->so, false);
		call[0].deadline = GUARD;
		call[1].deadline = GUARD;
		call_in_task(test, &call[0]);
		call_in_thread(test, &call[1]);
		udelay(i % 50);
		WRITE_ONCE(s->so, true);
		wake_up_all(&s->queue);
		KUNIT_ASSERT_EQ(test, result_of(test, &call[0]), 0);
		KUNIT_ASSERT_EQ(test, result_of(test, &call[1]), 0);
	}
}

static void a_wait_ends_without(struct kunit *test)
{
	struct scene *s = test->priv;
	struct call *call = calls(test, 4, wait_call, s);
	int i;

	call[0].deadline = ktime_add_ms(ktime_get(), 10);
	call[1].deadline = call[0].deadline;
	for (i = 0; i < 4; i++)
		call_in_turn(test, &call[i], i);
	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_EQ(test, result_of(test, &call[i]), -ETIMEDOUT);
	await_asleep(test, 2);
	kcoro_cancel(call[2].task);
	KUNIT_EXPECT_EQ(test, result_of(test, &call[2]), -ECANCELED);
	send_sig(SIGUSR1, call[3].thread, 1);
	KUNIT_EXPECT_EQ(test, result_of(test, &call[3]), -ERESTARTSYS);
	KUNIT_EXPECT_FALSE(test, someone_waits(s));
}

static struct kunit_case cases[] = {
	KUNIT_CASE(what_is_so_needs_no_waiting),
	KUNIT_CASE(all_wait_until_it_is_so),
	KUNIT_CASE(no_wake_up_is_lost),
	KUNIT_CASE(a_wait_ends_without),
	{}
};

static struct kunit_suite suite = {
	.name = "kcoro_wait_event",
	.init = scene_init,
	.test_cases = cases,
};
kunit_test_suites(&suite);
