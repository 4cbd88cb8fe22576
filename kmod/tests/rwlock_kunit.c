// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of rwlock.c.
 */
#include <linux/kcoro_sync.h>

#include "sync_ops.h"

static DEFINE_KCORO_RWLOCK(defined);

struct scene {
	struct kcoro_rwlock lock;
	atomic_t came;
	atomic_t readers;
	bool go;	/* those who have it may give it back */
};

static int scene_init(struct kunit *test)
{
	struct scene *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, s);
	kcoro_rwlock_init(&s->lock, "test");
	test->priv = s;
	return 0;
}

/* Has the lock until the test says go. */
static void stay(struct scene *s)
{
	while (!READ_ONCE(s->go)) {
		if (kcoro_current())
			kcoro_sleep_ms(1);
		else
			msleep(1);
	}
}

static int read_call(struct call *call)
{
	struct scene *s = call->obj;
	int err = kcoro_rwlock_read_lock(&s->lock, call->deadline);

	if (err)
		return err;
	call->order = atomic_inc_return(&s->came);
	atomic_inc(&s->readers);
	stay(s);
	atomic_dec(&s->readers);
	return kcoro_rwlock_read_unlock(&s->lock);
}

static int write_call(struct call *call)
{
	struct scene *s = call->obj;
	int err = kcoro_rwlock_write_lock(&s->lock, call->deadline);

	if (err)
		return err;
	call->order = atomic_inc_return(&s->came);
	if (atomic_read(&s->readers))
		err = -EBADE;
	return kcoro_rwlock_write_unlock(&s->lock) ?: err;
}

static int tryread_call(struct call *call)
{
	struct scene *s = call->obj;

	return kcoro_rwlock_try_read_lock(&s->lock) ?:
	       kcoro_rwlock_read_unlock(&s->lock);
}

static int trywrite_call(struct call *call)
{
	struct scene *s = call->obj;

	return kcoro_rwlock_try_write_lock(&s->lock) ?:
	       kcoro_rwlock_write_unlock(&s->lock);
}

static int unread_call(struct call *call)
{
	struct scene *s = call->obj;

	return kcoro_rwlock_read_unlock(&s->lock);
}

static int unwrite_call(struct call *call)
{
	struct scene *s = call->obj;

	return kcoro_rwlock_write_unlock(&s->lock);
}

static int by_task(struct kunit *test, int (*fn)(struct call *call))
{
	struct call *call = calls(test, 1, fn, test->priv);

	call_in_task(test, call);
	return result_of(test, call);
}

static struct call *reader(struct kunit *test, u32 waiting)
{
	struct scene *s = test->priv;
	struct call *call = calls(test, 1, read_call, s);

	call_in_task(test, call);
	await_queue(test, &s->lock.lock, kcoro_sync_waitq(&s->lock.readers),
		    waiting);
	return call;
}

static struct call *writer(struct kunit *test, u32 waiting)
{
	struct scene *s = test->priv;
	struct call *call = calls(test, 1, write_call, s);

	call_in_task(test, call);
	await_queue(test, &s->lock.lock, kcoro_sync_waitq(&s->lock.writers),
		    waiting);
	return call;
}

static void await_readers(struct kunit *test, int nr)
{
	struct scene *s = test->priv;
	ktime_t guard = GUARD;

	while (atomic_read(&s->readers) != nr &&
	       ktime_before(ktime_get(), guard))
		usleep_range(20, 100);
	KUNIT_ASSERT_EQ(test, atomic_read(&s->readers), nr);
}

static void readers_share_it(struct kunit *test)
{
	struct scene *s = test->priv;
	struct call *call = calls(test, 6, read_call, s);
	int i;

	for (i = 0; i < 6; i++)
		call_in_turn(test, &call[i], i);
	await_readers(test, 6);
	KUNIT_EXPECT_EQ(test, by_task(test, trywrite_call), -EAGAIN);
	KUNIT_EXPECT_EQ(test, by_task(test, tryread_call), 0);
	WRITE_ONCE(s->go, true);
	for (i = 0; i < 6; i++)
		KUNIT_EXPECT_EQ(test, result_of(test, &call[i]), 0);
	KUNIT_EXPECT_EQ(test, by_task(test, trywrite_call), 0);
}

static void a_writer_has_it_alone(struct kunit *test)
{
	struct scene *s = test->priv;

	KUNIT_EXPECT_EQ(test, kcoro_rwlock_write_lock(&s->lock, GUARD), 0);
	KUNIT_EXPECT_EQ(test, by_task(test, tryread_call), -EAGAIN);
	KUNIT_EXPECT_EQ(test, by_task(test, trywrite_call), -EAGAIN);
	KUNIT_EXPECT_EQ(test, kcoro_rwlock_write_unlock(&s->lock), 0);
	KUNIT_EXPECT_EQ(test, by_task(test, tryread_call), 0);
}

static void a_defined_one_needs_no_init(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, kcoro_rwlock_write_lock(&defined, GUARD), 0);
	KUNIT_EXPECT_EQ(test, kcoro_rwlock_write_unlock(&defined), 0);
	KUNIT_EXPECT_EQ(test, kcoro_rwlock_read_lock(&defined, GUARD), 0);
	KUNIT_EXPECT_EQ(test, kcoro_rwlock_read_unlock(&defined), 0);
	KUNIT_EXPECT_STREQ(test, defined.name, "defined");
}

static void a_waiting_writer_blocks_new_readers(struct kunit *test)
{
	struct scene *s = test->priv;
	struct call *first = reader(test, 0), *write, *second;

	await_readers(test, 1);
	write = writer(test, 1);
	KUNIT_EXPECT_EQ(test, by_task(test, tryread_call), -EAGAIN);
	second = reader(test, 1);
	WRITE_ONCE(s->go, true);
	KUNIT_EXPECT_EQ(test, result_of(test, first), 0);
	KUNIT_EXPECT_EQ(test, result_of(test, write), 0);
	KUNIT_EXPECT_EQ(test, result_of(test, second), 0);
	KUNIT_EXPECT_LT(test, write->order, second->order);
}

/* Also those that came after another writer. */
static void readers_are_next_after_a_writer(struct kunit *test)
{
	struct scene *s = test->priv;
	struct call *write, *read[3];
	int i;

	kcoro_rwlock_write_lock(&s->lock, GUARD);
	read[0] = reader(test, 1);
	write = writer(test, 1);
	read[1] = reader(test, 2);
	read[2] = reader(test, 3);
	kcoro_rwlock_write_unlock(&s->lock);
	await_readers(test, 3);
	KUNIT_EXPECT_FALSE(test, ended(write));
	WRITE_ONCE(s->go, true);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, result_of(test, read[i]), 0);
	KUNIT_EXPECT_EQ(test, result_of(test, write), 0);
	KUNIT_EXPECT_EQ(test, write->order, 4);
}

static void writers_have_it_in_order(struct kunit *test)
{
	struct scene *s = test->priv;
	struct call *write[4];
	int i;

	kcoro_rwlock_write_lock(&s->lock, GUARD);
	for (i = 0; i < 4; i++)
		write[i] = writer(test, i + 1);
	kcoro_rwlock_write_unlock(&s->lock);
	for (i = 0; i < 4; i++) {
		KUNIT_EXPECT_EQ(test, result_of(test, write[i]), 0);
		KUNIT_EXPECT_EQ(test, write[i]->order, i + 1);
	}
}

static void readers_get_in_as_the_writer_gives_up(struct kunit *test)
{
	struct scene *s = test->priv;
	struct call *first = reader(test, 0), *write, *second;

	await_readers(test, 1);
	write = writer(test, 1);
	second = reader(test, 1);
	kcoro_cancel(write->task);
	KUNIT_EXPECT_EQ(test, result_of(test, write), -ECANCELED);
	await_readers(test, 2);
	WRITE_ONCE(s->go, true);
	KUNIT_EXPECT_EQ(test, result_of(test, first), 0);
	KUNIT_EXPECT_EQ(test, result_of(test, second), 0);
	KUNIT_EXPECT_EQ(test, by_task(test, trywrite_call), 0);
}

/* As long as another writer waits they do not. */
static void readers_wait_for_the_other_writer(struct kunit *test)
{
	struct scene *s = test->priv;
	struct call *first = reader(test, 0), *write[2], *second;

	await_readers(test, 1);
	write[0] = writer(test, 1);
	write[1] = writer(test, 2);
	second = reader(test, 1);
	kcoro_cancel(write[0]->task);
	KUNIT_EXPECT_EQ(test, result_of(test, write[0]), -ECANCELED);
	KUNIT_EXPECT_EQ(test, by_task(test, tryread_call), -EAGAIN);
	WRITE_ONCE(s->go, true);
	KUNIT_EXPECT_EQ(test, result_of(test, first), 0);
	KUNIT_EXPECT_EQ(test, result_of(test, write[1]), 0);
	KUNIT_EXPECT_EQ(test, result_of(test, second), 0);
	KUNIT_EXPECT_LT(test, write[1]->order, second->order);
}

static void who_gives_up_leaves_it_in_order(struct kunit *test)
{
	struct scene *s = test->priv;
	struct call *read;

	WRITE_ONCE(s->go, true);
	kcoro_rwlock_write_lock(&s->lock, GUARD);
	check_leaving(test, &s->lock.lock, kcoro_sync_waitq(&s->lock.readers),
		      read_call, s, 0);
	check_leaving(test, &s->lock.lock, kcoro_sync_waitq(&s->lock.writers),
		      write_call, s, 0);
	KUNIT_EXPECT_EQ(test, kcoro_rwlock_write_unlock(&s->lock), 0);
	WRITE_ONCE(s->go, false);
	read = reader(test, 0);
	await_readers(test, 1);
	check_leaving(test, &s->lock.lock, kcoro_sync_waitq(&s->lock.writers),
		      write_call, s, 0);
	KUNIT_EXPECT_EQ(test, by_task(test, tryread_call), 0);
	WRITE_ONCE(s->go, true);
	KUNIT_EXPECT_EQ(test, result_of(test, read), 0);
	KUNIT_EXPECT_EQ(test, by_task(test, trywrite_call), 0);
}

static int lock_twice_call(struct call *call)
{
	struct scene *s = call->obj;
	int read, write;

	kcoro_rwlock_write_lock(&s->lock, GUARD);
	read = kcoro_rwlock_read_lock(&s->lock, GUARD);
	write = kcoro_rwlock_write_lock(&s->lock, GUARD);
	kcoro_rwlock_write_unlock(&s->lock);
	return read == write ? read : -EBADE;
}

static void the_writer_cannot_lock_it(struct kunit *test)
{
	struct call *call = calls(test, 1, lock_twice_call, test->priv);

	KUNIT_EXPECT_EQ(test, by_task(test, lock_twice_call), -EDEADLK);
	call_in_thread(test, call);
	KUNIT_EXPECT_EQ(test, result_of(test, call), -EDEADLK);
	KUNIT_EXPECT_EQ(test, by_task(test, trywrite_call), 0);
}

static void who_has_it_not_cannot_unlock_it(struct kunit *test)
{
	struct scene *s = test->priv;

	KUNIT_EXPECT_EQ(test, by_task(test, unread_call), -EPERM);
	KUNIT_EXPECT_EQ(test, by_task(test, unwrite_call), -EPERM);
	kcoro_rwlock_write_lock(&s->lock, GUARD);
	KUNIT_EXPECT_EQ(test, by_task(test, unread_call), -EPERM);
	KUNIT_EXPECT_EQ(test, by_task(test, unwrite_call), -EPERM);
	KUNIT_EXPECT_EQ(test, kcoro_rwlock_write_unlock(&s->lock), 0);
	kcoro_rwlock_read_lock(&s->lock, GUARD);
	KUNIT_EXPECT_EQ(test, by_task(test, unwrite_call), -EPERM);
	KUNIT_EXPECT_EQ(test, kcoro_rwlock_read_unlock(&s->lock), 0);
	KUNIT_EXPECT_EQ(test, by_task(test, trywrite_call), 0);
}

static void requests_are_for_calls_that_may_wait(struct kunit *test)
{
	struct scene *s = test->priv;

	WRITE_ONCE(s->go, true);
	expect_canceled(test, tryread_call, s, 0, true);
	expect_canceled(test, trywrite_call, s, 0, true);
	expect_canceled(test, read_call, s, -ECANCELED, false);
	expect_canceled(test, write_call, s, -ECANCELED, false);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(readers_share_it),
	KUNIT_CASE(a_writer_has_it_alone),
	KUNIT_CASE(a_defined_one_needs_no_init),
	KUNIT_CASE(a_waiting_writer_blocks_new_readers),
	KUNIT_CASE(readers_are_next_after_a_writer),
	KUNIT_CASE(writers_have_it_in_order),
	KUNIT_CASE(readers_get_in_as_the_writer_gives_up),
	KUNIT_CASE(readers_wait_for_the_other_writer),
	KUNIT_CASE(who_gives_up_leaves_it_in_order),
	KUNIT_CASE(the_writer_cannot_lock_it),
	KUNIT_CASE(who_has_it_not_cannot_unlock_it),
	KUNIT_CASE(requests_are_for_calls_that_may_wait),
	{}
};

static struct kunit_suite suite = {
	.name = "kcoro_rwlock",
	.init = scene_init,
	.test_cases = cases,
};
kunit_test_suites(&suite);
