// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of queue.c and priority_queue.c.
 */
#include <linux/kcoro_sync.h>
#include <linux/random.h>

#include "queue.h"
#include "sync_ops.h"

#define CAPACITY	4

static struct kcoro_queue *make(struct kunit *test, u32 elem_size, u32 capacity)
{
	struct kcoro_queue *queue;
	struct kcoro_queue_args args = {
		.name = "test", .elem_size = elem_size, .capacity = capacity,
	};

	queue = kcoro_queue_create(&args);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, queue);
	return queue;
}

static int scene_init(struct kunit *test)
{
	test->priv = make(test, sizeof(u64), CAPACITY);
	return 0;
}

static void scene_exit(struct kunit *test)
{
	kcoro_queue_destroy(test->priv);
}

static int put_call(struct call *call)
{
	return kcoro_queue_put(call->obj, &call->arg, call->deadline);
}

static int get_call(struct call *call)
{
	return kcoro_queue_get(call->obj, &call->arg, call->deadline);
}

static int tryput_call(struct call *call)
{
	return kcoro_queue_try_put(call->obj, &call->arg);
}

static int tryget_call(struct call *call)
{
	return kcoro_queue_try_get(call->obj, &call->arg);
}

static int join_call(struct call *call)
{
	return kcoro_queue_join(call->obj, call->deadline);
}

static void fill(struct kunit *test, struct kcoro_queue *queue, u64 from, u32 nr)
{
	u64 value;

	for (value = from; value < from + nr; value++)
		KUNIT_ASSERT_EQ(test, kcoro_queue_put(queue, &value, PAST), 0);
}

static void expect_values(struct kunit *test, struct kcoro_queue *queue,
			  u64 from, u32 nr)
{
	u64 want, got;

	for (want = from; want < from + nr; want++) {
		got = U64_MAX;
		KUNIT_EXPECT_EQ(test, kcoro_queue_get(queue, &got, PAST), 0);
		KUNIT_EXPECT_EQ(test, got, want);
	}
}

/* Calls of others, the first one for @arg, that have to wait in order. */
static struct call *start(struct kunit *test, struct kcoro_waitq *waiters,
			  int (*fn)(struct call *call), u64 arg, u32 nr)
{
	struct kcoro_queue *queue = test->priv;
	struct call *call = calls(test, nr, fn, queue);
	u32 i;

	for (i = 0; i < nr; i++) {
		call[i].arg = arg + i;
		call_in_turn(test, &call[i], i);
		await_queue(test, &queue->lock, waiters, i + 1);
	}
	return call;
}

static void expect_all(struct kunit *test, struct call *call, u32 nr, int ret)
{
	u32 i;

	for (i = 0; i < nr; i++)
		KUNIT_EXPECT_EQ(test, result_of(test, &call[i]), ret);
}

/* --- Put and get ------------------------------------------------------------- */

static void first_in_first_out(struct kunit *test)
{
	struct kcoro_queue *queue = test->priv;
	u32 i;

	for (i = 0; i < 3 * CAPACITY; i++) {	/* round the ring */
		fill(test, queue, 2 * i, 2);
		KUNIT_EXPECT_EQ(test, kcoro_queue_len(queue), 2);
		expect_values(test, queue, 2 * i, 2);
	}
	KUNIT_EXPECT_EQ(test, kcoro_queue_len(queue), 0);
}

static void sizes_out_of_range_are_refused(struct kunit *test)
{
	static const struct kcoro_queue_args wrong[] = {
		{ .capacity = 1 },
		{ .capacity = 1, .elem_size = KCORO_ELEM_MAX + 1 },
		{ .elem_size = 1 },
		{ .elem_size = 1, .capacity = KCORO_CAPACITY_MAX + 1 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		KUNIT_EXPECT_EQ(test, PTR_ERR(kcoro_queue_create(&wrong[i])),
				-EINVAL);
	kcoro_queue_destroy(ERR_PTR(-EINVAL));
}

static void elements_of_any_size(struct kunit *test)
{
	static const u32 sizes[] = { 1, 7, 8, 24, KCORO_ELEM_MAX };
	u8 *in = kunit_kzalloc(test, KCORO_ELEM_MAX, GFP_KERNEL);
	u8 *out = kunit_kzalloc(test, KCORO_ELEM_MAX, GFP_KERNEL);
	struct kcoro_queue *queue;
	u32 i, round;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, in);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, out);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		queue = make(test, sizes[i], 2);
		for (round = 0; round < 5; round++) {
			get_random_bytes(in, sizes[i]);
			KUNIT_EXPECT_EQ(test, kcoro_queue_try_put(queue, in), 0);
			KUNIT_EXPECT_EQ(test, kcoro_queue_try_get(queue, out),
					0);
			KUNIT_EXPECT_EQ(test, memcmp(in, out, sizes[i]), 0);
		}
		kcoro_queue_destroy(queue);
	}
}

static void try_never_waits(struct kunit *test)
{
	struct kcoro_queue *queue = test->priv;
	u64 value = 7;

	KUNIT_EXPECT_EQ(test, kcoro_queue_try_get(queue, &value), -EAGAIN);
	KUNIT_EXPECT_EQ(test, kcoro_queue_get(queue, &value, PAST), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, value, 7);
	fill(test, queue, 0, CAPACITY);
	KUNIT_EXPECT_EQ(test, kcoro_queue_try_put(queue, &value), -EAGAIN);
	KUNIT_EXPECT_EQ(test, kcoro_queue_put(queue, &value, PAST), -ETIMEDOUT);
	expect_values(test, queue, 0, CAPACITY);
}

static void getters_are_served_in_order(struct kunit *test)
{
	struct kcoro_queue *queue = test->priv;
	struct call *call = start(test, &queue->getters, get_call, 0, 4);
	u32 i;

	for (i = 0; i < 4; i++) {
		fill(test, queue, 10 + i, 1);
		KUNIT_EXPECT_EQ(test, result_of(test, &call[i]), 0);
		KUNIT_EXPECT_EQ(test, call[i].arg, 10 + i);
	}
	KUNIT_EXPECT_EQ(test, kcoro_queue_len(queue), 0);
}

static void putters_are_served_in_order(struct kunit *test)
{
	struct kcoro_queue *queue = test->priv;
	struct call *call;

	fill(test, queue, 0, CAPACITY);
	call = start(test, &queue->putters, put_call, CAPACITY, 3);
	KUNIT_EXPECT_EQ(test, kcoro_queue_len(queue), CAPACITY);
	expect_values(test, queue, 0, 3);
	expect_all(test, call, 3, 0);
	expect_values(test, queue, 3, CAPACITY);
}

static void who_gives_up_leaves_it_in_order(struct kunit *test)
{
	struct kcoro_queue *queue = test->priv;

	check_leaving(test, &queue->lock, &queue->getters, get_call, queue, 0);
	fill(test, queue, 0, CAPACITY);
	check_leaving(test, &queue->lock, &queue->putters, put_call, queue, 99);
	check_leaving(test, &queue->lock, &queue->joiners, join_call, queue, 0);
	expect_values(test, queue, 0, CAPACITY);
	KUNIT_EXPECT_EQ(test, kcoro_queue_len(queue), 0);
}

/* A request and an element at once: the element is for the other one. */
static void an_element_is_not_lost_with_a_request(struct kunit *test)
{
	struct kcoro_queue *queue = test->priv;
	struct call *call;
	int i, late;
	u64 value;

	for (i = 0; i < 40; i++) {
		late = i % 2;
		value = i;
		call = start(test, &queue->getters, get_call, 77, 2);
		preempt_disable();
		if (late)
			kcoro_queue_try_put(queue, &value);
		kcoro_cancel(call[0].task);
		if (!late)
			kcoro_queue_try_put(queue, &value);
		preempt_enable();
		KUNIT_EXPECT_EQ(test, result_of(test, &call[0]),
				late ? 0 : -ECANCELED);
		if (late)
			kcoro_queue_try_put(queue, &call[0].arg);
		KUNIT_EXPECT_EQ(test, result_of(test, &call[1]), 0);
		KUNIT_EXPECT_EQ(test, call[1].arg, i);
	}
}

static void requests_are_for_calls_that_may_wait(struct kunit *test)
{
	struct kcoro_queue *queue = test->priv;

	expect_canceled(test, join_call, queue, -ECANCELED, false);
	expect_canceled(test, put_call, queue, -ECANCELED, false);
	KUNIT_EXPECT_EQ(test, kcoro_queue_len(queue), 0);
	expect_canceled(test, tryput_call, queue, 0, true);
	expect_canceled(test, get_call, queue, -ECANCELED, false);
	expect_canceled(test, join_call, queue, -ECANCELED, false);
	KUNIT_EXPECT_EQ(test, kcoro_queue_len(queue), 1);
	expect_canceled(test, tryget_call, queue, 0, true);
	KUNIT_EXPECT_EQ(test, kcoro_queue_len(queue), 0);
}

/* --- Join -------------------------------------------------------------------- */

static void join_waits_until_all_is_done(struct kunit *test)
{
	struct kcoro_queue *queue = test->priv;
	struct call *call;

	KUNIT_EXPECT_EQ(test, kcoro_queue_join(queue, PAST), 0);
	fill(test, queue, 0, 2);
	call = start(test, &queue->joiners, join_call, 0, 3);
	expect_values(test, queue, 0, 2);
	await_queue(test, &queue->lock, &queue->joiners, 3);
	KUNIT_EXPECT_EQ(test, kcoro_queue_task_done(queue), 0);
	await_queue(test, &queue->lock, &queue->joiners, 3);
	KUNIT_EXPECT_EQ(test, kcoro_queue_task_done(queue), 0);
	expect_all(test, call, 3, 0);
	KUNIT_EXPECT_EQ(test, kcoro_queue_join(queue, PAST), 0);
	fill(test, queue, 0, 1);
	KUNIT_EXPECT_EQ(test, kcoro_queue_join(queue, PAST), -ETIMEDOUT);
}

/* What goes past the queue, from a putter to a getter, counts too. */
static void join_counts_what_was_passed(struct kunit *test)
{
	struct kcoro_queue *queue = test->priv;
	struct call *call = start(test, &queue->getters, get_call, 0, 1);
	u32 i;

	fill(test, queue, 5, 1);
	expect_all(test, call, 1, 0);
	fill(test, queue, 0, CAPACITY);
	call = start(test, &queue->putters, put_call, CAPACITY, 1);
	expect_values(test, queue, 0, CAPACITY + 1);
	expect_all(test, call, 1, 0);
	for (i = 0; i < CAPACITY + 1; i++)
		KUNIT_EXPECT_EQ(test, kcoro_queue_task_done(queue), 0);
	KUNIT_EXPECT_EQ(test, kcoro_queue_join(queue, PAST), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, kcoro_queue_task_done(queue), 0);
	KUNIT_EXPECT_EQ(test, kcoro_queue_join(queue, PAST), 0);
}

static void no_more_is_done_than_was_put(struct kunit *test)
{
	struct kcoro_queue *queue = test->priv;

	KUNIT_EXPECT_EQ(test, kcoro_queue_task_done(queue), -EINVAL);
	fill(test, queue, 0, 1);
	KUNIT_EXPECT_EQ(test, kcoro_queue_task_done(queue), 0);
	KUNIT_EXPECT_EQ(test, kcoro_queue_task_done(queue), -EINVAL);
}

/* --- Shutdown ------------------------------------------------------------------ */

static void getters_drain_it_after_a_shutdown(struct kunit *test)
{
	struct kcoro_queue *queue = test->priv;
	struct call *call;
	u64 value = 9;

	fill(test, queue, 0, CAPACITY);
	call = start(test, &queue->putters, put_call, 90, 2);
	kcoro_queue_shutdown(queue, false);
	expect_all(test, call, 2, -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, kcoro_queue_put(queue, &value, GUARD),
			-ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, kcoro_queue_try_put(queue, &value), -ESHUTDOWN);
	expect_values(test, queue, 0, CAPACITY);
	KUNIT_EXPECT_EQ(test, kcoro_queue_get(queue, &value, GUARD),
			-ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, kcoro_queue_try_get(queue, &value), -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, kcoro_queue_join(queue, PAST), -ETIMEDOUT);
}

static void a_shutdown_ends_the_wait_of_getters(struct kunit *test)
{
	struct kcoro_queue *queue = test->priv;
	struct call *call = start(test, &queue->getters, get_call, 77, 3);

	kcoro_queue_shutdown(queue, false);
	expect_all(test, call, 3, -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, call[0].arg, 77);
	KUNIT_EXPECT_EQ(test, kcoro_queue_join(queue, PAST), 0);
}

static u64 discarded[2 * CAPACITY];
static u32 nr_discarded;

static void discard(void *elem)
{
	discarded[nr_discarded++] = *(u64 *)elem;
}

static bool before(const void *a, const void *b)
{
	return *(const u64 *)a >> 32 < *(const u64 *)b >> 32;
}

static void check_immediate(struct kunit *test, bool priority)
{
	struct kcoro_queue_args args = {
		.name = "test", .elem_size = sizeof(u64), .capacity = CAPACITY,
		.before = priority ? before : NULL, .discard = discard,
	};
	struct kcoro_queue *queue = kcoro_queue_create(&args);
	struct call *putter, *joiner;
	u32 i, seen = 0;
	u64 value;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, queue);
	kcoro_queue_destroy(test->priv);
	test->priv = queue;
	nr_discarded = 0;
	fill(test, queue, 0, CAPACITY);
	expect_values(test, queue, 0, 1);	/* one is being dealt with */
	fill(test, queue, CAPACITY, 1);
	putter = start(test, &queue->putters, put_call, 90, 2);
	joiner = start(test, &queue->joiners, join_call, 0, 2);
	kcoro_queue_shutdown(queue, true);
	expect_all(test, putter, 2, -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, kcoro_queue_len(queue), 0);
	KUNIT_EXPECT_EQ(test, kcoro_queue_try_get(queue, &value), -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, nr_discarded, CAPACITY);
	for (i = 0; i < nr_discarded; i++)
		seen |= 1U << discarded[i];
	KUNIT_EXPECT_EQ(test, seen, ((1U << CAPACITY) - 1) << 1);
	await_queue(test, &queue->lock, &queue->joiners, 2);
	KUNIT_EXPECT_EQ(test, kcoro_queue_task_done(queue), 0);
	expect_all(test, joiner, 2, 0);
	kcoro_queue_shutdown(queue, true);
	KUNIT_EXPECT_EQ(test, nr_discarded, CAPACITY);
}

static void an_immediate_shutdown_discards(struct kunit *test)
{
	check_immediate(test, false);
}

static void so_it_does_in_a_priority_queue(struct kunit *test)
{
	check_immediate(test, true);
}

static void an_immediate_one_after_the_other_kind(struct kunit *test)
{
	struct kcoro_queue *queue = test->priv;
	struct call *call;

	fill(test, queue, 0, 2);
	call = start(test, &queue->joiners, join_call, 0, 2);
	kcoro_queue_shutdown(queue, false);
	KUNIT_EXPECT_EQ(test, kcoro_queue_len(queue), 2);
	kcoro_queue_shutdown(queue, true);
	KUNIT_EXPECT_EQ(test, kcoro_queue_len(queue), 0);
	expect_all(test, call, 2, 0);	/* nothing is left to be dealt with */
	KUNIT_EXPECT_EQ(test, kcoro_queue_task_done(queue), -EINVAL);
}

static void the_end_discards(struct kunit *test)
{
	struct kcoro_queue_args args = {
		.name = "test", .elem_size = sizeof(u64), .capacity = CAPACITY,
		.discard = discard,
	};
	struct kcoro_queue *queue = kcoro_queue_create(&args);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, queue);
	nr_discarded = 0;
	fill(test, queue, 0, 3);
	expect_values(test, queue, 0, 1);
	kcoro_queue_destroy(queue);
	KUNIT_EXPECT_EQ(test, nr_discarded, 2);
	KUNIT_EXPECT_EQ(test, discarded[0] + discarded[1], 1 + 2);
}

/* --- Priorities ------------------------------------------------------------------- */

#define MANY	200

/* Random puts and gets against a list that is searched. The upper half is the priority. */
static void lowest_first_and_equals_in_order(struct kunit *test)
{
	struct kcoro_queue_args args = {
		.name = "test", .elem_size = sizeof(u64), .capacity = MANY,
		.before = before,
	};
	struct kcoro_queue *queue = kcoro_queue_create(&args);
	u64 *list = kunit_kcalloc(test, MANY, sizeof(*list), GFP_KERNEL);
	u32 i, first, len = 0, round;
	u64 value, got;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, queue);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, list);
	for (round = 0; round < 20 * MANY; round++) {
		/* It fills in the first half, and drains in the other one. */
		if (get_random_u32() % 8 < (round < 10 * MANY ? 5 : 3)) {
			value = (u64)(get_random_u32() % 8) << 32 | round;
			KUNIT_ASSERT_EQ(test, kcoro_queue_try_put(queue, &value),
					len < MANY ? 0 : -EAGAIN);
			if (len < MANY)
				list[len++] = value;
			continue;
		}
		KUNIT_ASSERT_EQ(test, kcoro_queue_try_get(queue, &got),
				len ? 0 : -EAGAIN);
		if (!len)
			continue;
		for (first = 0, i = 1; i < len; i++)
			if (list[i] >> 32 < list[first] >> 32)
				first = i;
		KUNIT_ASSERT_EQ(test, got, list[first]);
		memmove(&list[first], &list[first + 1],
			(--len - first) * sizeof(*list));
	}
	KUNIT_EXPECT_EQ(test, kcoro_queue_len(queue), len);
	kcoro_queue_destroy(queue);
}

static void a_putter_that_waited_is_put_in_place(struct kunit *test)
{
	struct kcoro_queue_args args = {
		.name = "test", .elem_size = sizeof(u64), .capacity = 2,
		.before = before,
	};
	struct kcoro_queue *queue = kcoro_queue_create(&args);
	struct call *call;
	u64 value;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, queue);
	kcoro_queue_destroy(test->priv);
	test->priv = queue;
	fill(test, queue, 5ULL << 32, 1);
	fill(test, queue, 7ULL << 32, 1);
	call = start(test, &queue->putters, put_call, 1ULL << 32, 1);
	KUNIT_EXPECT_EQ(test, kcoro_queue_try_get(queue, &value), 0);
	KUNIT_EXPECT_EQ(test, value, 5ULL << 32);
	expect_all(test, call, 1, 0);
	KUNIT_EXPECT_EQ(test, kcoro_queue_try_get(queue, &value), 0);
	KUNIT_EXPECT_EQ(test, value, 1ULL << 32);
}

static bool before_byte(const void *a, const void *b)
{
	return *(const u8 *)a < *(const u8 *)b;
}

static void priorities_of_odd_sizes(struct kunit *test)
{
	struct kcoro_queue_args args = {
		.name = "test", .elem_size = 5, .capacity = 9,
		.before = before_byte,
	};
	struct kcoro_queue *queue = kcoro_queue_create(&args);
	u8 elem[5];
	u32 i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, queue);
	for (i = 0; i < 9; i++) {
		memset(elem, (i * 4 + 3) % 9, sizeof(elem));
		KUNIT_EXPECT_EQ(test, kcoro_queue_try_put(queue, elem), 0);
	}
	for (i = 0; i < 9; i++) {
		KUNIT_EXPECT_EQ(test, kcoro_queue_try_get(queue, elem), 0);
		KUNIT_EXPECT_EQ(test, elem[0], i);
		KUNIT_EXPECT_EQ(test, elem[4], i);
	}
	kcoro_queue_destroy(queue);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(first_in_first_out),
	KUNIT_CASE(sizes_out_of_range_are_refused),
	KUNIT_CASE(elements_of_any_size),
	KUNIT_CASE(try_never_waits),
	KUNIT_CASE(getters_are_served_in_order),
	KUNIT_CASE(putters_are_served_in_order),
	KUNIT_CASE(who_gives_up_leaves_it_in_order),
	KUNIT_CASE(an_element_is_not_lost_with_a_request),
	KUNIT_CASE(requests_are_for_calls_that_may_wait),
	KUNIT_CASE(join_waits_until_all_is_done),
	KUNIT_CASE(join_counts_what_was_passed),
	KUNIT_CASE(no_more_is_done_than_was_put),
	KUNIT_CASE(getters_drain_it_after_a_shutdown),
	KUNIT_CASE(a_shutdown_ends_the_wait_of_getters),
	KUNIT_CASE(an_immediate_shutdown_discards),
	KUNIT_CASE(so_it_does_in_a_priority_queue),
	KUNIT_CASE(an_immediate_one_after_the_other_kind),
	KUNIT_CASE(the_end_discards),
	KUNIT_CASE(lowest_first_and_equals_in_order),
	KUNIT_CASE(a_putter_that_waited_is_put_in_place),
	KUNIT_CASE(priorities_of_odd_sizes),
	{}
};

static struct kunit_suite suite = {
	.name = "kcoro_queue",
	.init = scene_init,
	.exit = scene_exit,
	.test_cases = cases,
};
kunit_test_suites(&suite);
