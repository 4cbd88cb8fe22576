// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of stack.c: windows, guard pages and the pool, each on a pool of its
 * own. Nothing here runs on the stacks.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <asm/pgtable.h>

#include "stack.h"

#define GUARD	(60 * HZ)	/* against hangs; no verdict depends on it */

static unsigned long *usable(void *stack, unsigned int pages)
{
	return stack + THREAD_SIZE - pages * PAGE_SIZE;
}

static unsigned long *top(void *stack)
{
	return stack + THREAD_SIZE;
}

static void *take(struct kunit *test, unsigned int pages)
{
	void *stack = kcoro_stack_alloc(test->priv, pages);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, stack);
	return stack;
}

static void give(struct kunit *test, void *stack, unsigned int pages)
{
	kcoro_stack_free(test->priv, stack, pages);
}

static void stack_freed_last_is_taken_first(struct kunit *test)
{
	void *a = take(test, 2), *b = take(test, 2), *c = take(test, 2);

	give(test, b, 2);
	give(test, a, 2);
	give(test, c, 2);
	KUNIT_EXPECT_PTR_EQ(test, take(test, 2), c);
	KUNIT_EXPECT_PTR_EQ(test, take(test, 2), a);
	KUNIT_EXPECT_PTR_EQ(test, take(test, 2), b);
}

static void stack_sizes_do_not_mix(struct kunit *test)
{
	void *one = take(test, 1);

	give(test, one, 1);
	KUNIT_EXPECT_PTR_NE(test, take(test, 2), one);
	KUNIT_EXPECT_PTR_EQ(test, take(test, 1), one);
}

static void stack_is_aligned_to_its_window(struct kunit *test)
{
	unsigned int pages, i;

	for (pages = 1; pages <= KCORO_STACK_PAGES_MAX; pages++)
		for (i = 0; i < 40; i++)
			KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)
							   take(test, pages),
							   THREAD_SIZE));
}

static void stack_base_has_the_end_marker(struct kunit *test)
{
	unsigned int pages;
	unsigned long *base;

	for (pages = 1; pages <= KCORO_STACK_PAGES_MAX; pages++) {
		base = take(test, pages);
		KUNIT_EXPECT_EQ(test, *base, (unsigned long)STACK_END_MAGIC);
	}
}

static void stack_guard_reads_as_end_marker(struct kunit *test)
{
	unsigned long *word, bad = 0;
	unsigned int pages;
	void *stack;

	for (pages = 1; pages <= KCORO_STACK_PAGES_MAX; pages++) {
		stack = take(test, pages);
		for (word = stack; word < usable(stack, pages); word++)
			bad += *word != STACK_END_MAGIC;
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
}

/* Pages of @stack's window that may be written, counted from the top. */
static unsigned int writable(void *stack)
{
	unsigned int level, i, nr = 0;
	pte_t *pte;

	for (i = 1; i <= THREAD_SIZE / PAGE_SIZE; i++) {
		pte = lookup_address((unsigned long)usable(stack, i), &level);
		if (!pte || level != PG_LEVEL_4K || !pte_write(*pte))
			break;
		nr++;
	}
	for (; i <= THREAD_SIZE / PAGE_SIZE; i++) {
		pte = lookup_address((unsigned long)usable(stack, i), &level);
		if (!pte || !pte_present(*pte) || pte_write(*pte))
			return 0;
	}
	return nr;
}

static void stack_guard_is_read_only(struct kunit *test)
{
	unsigned int pages;

	for (pages = 1; pages <= KCORO_STACK_PAGES_MAX; pages++)
		KUNIT_EXPECT_EQ(test, writable(take(test, pages)), pages);
}

static void stack_starts_zeroed(struct kunit *test)
{
	unsigned long *word, bad = 0;
	unsigned int pages, i;
	void *stack;

	for (pages = 1; pages <= KCORO_STACK_PAGES_MAX; pages++) {
		for (i = 0; i < 3; i++) {
			stack = take(test, pages);
			word = usable(stack, pages);
			for (; word < top(stack); word++)
				bad += !!*word;
		}
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
}

static void stack_pages_are_its_own(struct kunit *test)
{
	unsigned long *word, bad = 0;
	void *stack[40];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(stack); i++) {
		stack[i] = take(test, 2);
		word = usable(stack[i], 2);
		for (; word < top(stack[i]); word++)
			*word = (unsigned long)word + i;
	}
	for (i = 0; i < ARRAY_SIZE(stack); i++) {
		word = usable(stack[i], 2);
		for (; word < top(stack[i]); word++)
			bad += *word != (unsigned long)word + i;
	}
	KUNIT_EXPECT_EQ(test, bad, 0);
}

static void stack_use_is_measured_from_the_top(struct kunit *test)
{
	unsigned int pages, depth;
	void *stack;

	for (pages = 1; pages <= KCORO_STACK_PAGES_MAX; pages++) {
		stack = take(test, pages);
		KUNIT_EXPECT_EQ(test, kcoro_stack_used(stack, pages), 0);
		for (depth = 8; depth <= pages * PAGE_SIZE; depth *= 4) {
			*(unsigned long *)(stack + THREAD_SIZE - depth) = 1;
			KUNIT_EXPECT_EQ(test, kcoro_stack_used(stack, pages),
					depth);
		}
		*usable(stack, pages) = 1;
		KUNIT_EXPECT_EQ(test, kcoro_stack_used(stack, pages),
				pages * PAGE_SIZE);
	}
}

static void stack_use_outlives_the_user(struct kunit *test)
{
	void *stack = take(test, 1);

	*(unsigned long *)(stack + THREAD_SIZE - 256) = 1;
	give(test, stack, 1);
	KUNIT_ASSERT_PTR_EQ(test, take(test, 1), stack);
	KUNIT_EXPECT_EQ(test, kcoro_stack_used(stack, 1), 256);
}

static void stack_unused_leaves_no_link_behind(struct kunit *test)
{
	void *a = take(test, 1), *b = take(test, 1);

	give(test, a, 1);
	give(test, b, 1);
	KUNIT_ASSERT_PTR_EQ(test, take(test, 1), b);
	KUNIT_EXPECT_EQ(test, kcoro_stack_used(b, 1), 0);
}

static void stack_pool_counts_its_pages(struct kunit *test)
{
	struct kcoro_stack_pool *pool = test->priv;
	unsigned long after_one;
	unsigned int i;
	void *stack;

	KUNIT_EXPECT_EQ(test, pool->nr_pages, 0);
	stack = take(test, 3);
	after_one = pool->nr_pages;
	KUNIT_EXPECT_GE(test, after_one, 3);
	KUNIT_EXPECT_EQ(test, after_one % 3, 0);
	give(test, stack, 3);
	for (i = 0; i < after_one / 3; i++)
		take(test, 3);
	KUNIT_EXPECT_EQ(test, pool->nr_pages, after_one);
	take(test, 3);
	KUNIT_EXPECT_EQ(test, pool->nr_pages, 2 * after_one);
}

static long free_pages_now(void)
{
	struct sysinfo info;

	si_meminfo(&info);
	return info.freeram;
}

/*
 * A pool that kept its pages would eat some 40 MiB here, far more than what
 * comes and goes in an idle system.
 */
static void stack_pool_gives_its_pages_back(struct kunit *test)
{
	unsigned int pages = KCORO_STACK_PAGES_MAX, i;
	struct kcoro_stack_pool *pool = test->priv;
	unsigned long taken = 0;
	long before, lost;

	take(test, pages);
	kcoro_stack_pool_destroy(pool);
	kcoro_stack_pool_init(pool, GFP_KERNEL);
	before = free_pages_now();
	for (i = 0; i < 48; i++) {
		take(test, pages);
		taken += pool->nr_pages;
		kcoro_stack_pool_destroy(pool);
		kcoro_stack_pool_init(pool, GFP_KERNEL);
	}
	lost = before - free_pages_now();
	KUNIT_EXPECT_LT(test, lost, (long)taken / 2);
}

struct churn {
	struct kcoro_stack_pool *pool;
	struct completion done;
	unsigned long bad;
};

/* Take, mark, look again, give back: two owners of one stack would see it. */
static int churn_run(void *data)
{
	struct churn *churn = data;
	unsigned long *word;
	void *stack[4];
	int i, j;

	for (i = 0; i < 1500; i++) {
		for (j = 0; j < ARRAY_SIZE(stack); j++) {
			stack[j] = kcoro_stack_alloc(churn->pool, 1);
			if (!stack[j])
				break;
			word = usable(stack[j], 1) + 8;
			WRITE_ONCE(*word, (unsigned long)churn + j);
		}
		while (j-- > 0) {
			word = usable(stack[j], 1) + 8;
			if (READ_ONCE(*word) != (unsigned long)churn + j)
				churn->bad++;
			kcoro_stack_free(churn->pool, stack[j], 1);
		}
	}
	complete(&churn->done);
	return 0;
}

static void stack_has_one_owner_among_cpus(struct kunit *test)
{
	unsigned int cpu[2] = { cpumask_first(cpu_online_mask),
				cpumask_last(cpu_online_mask) };
	struct task_struct *thread;
	struct churn *churn;
	unsigned int i;

	churn = kunit_kcalloc(test, 2, sizeof(*churn), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, churn);
	for (i = 0; i < 2; i++) {
		churn[i].pool = test->priv;
		init_completion(&churn[i].done);
		thread = kthread_create_on_cpu(churn_run, &churn[i], cpu[i],
					       "kcoro-test/%u");
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, thread);
		wake_up_process(thread);
	}
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_NE(test, 0,
				wait_for_completion_timeout(&churn[i].done,
							    GUARD));
		KUNIT_EXPECT_EQ(test, churn[i].bad, 0);
	}
}

static int stack_test_init(struct kunit *test)
{
	struct kcoro_stack_pool *pool;

	pool = kunit_kzalloc(test, sizeof(*pool), GFP_KERNEL);
	if (!pool)
		return -ENOMEM;
	kcoro_stack_pool_init(pool, GFP_KERNEL);
	test->priv = pool;
	return 0;
}

static void stack_test_exit(struct kunit *test)
{
	if (test->priv)
		kcoro_stack_pool_destroy(test->priv);
}

static struct kunit_case stack_cases[] = {
	KUNIT_CASE(stack_freed_last_is_taken_first),
	KUNIT_CASE(stack_sizes_do_not_mix),
	KUNIT_CASE(stack_is_aligned_to_its_window),
	KUNIT_CASE(stack_base_has_the_end_marker),
	KUNIT_CASE(stack_guard_reads_as_end_marker),
	KUNIT_CASE(stack_guard_is_read_only),
	KUNIT_CASE(stack_starts_zeroed),
	KUNIT_CASE(stack_pages_are_its_own),
	KUNIT_CASE(stack_use_is_measured_from_the_top),
	KUNIT_CASE(stack_use_outlives_the_user),
	KUNIT_CASE(stack_unused_leaves_no_link_behind),
	KUNIT_CASE(stack_pool_counts_its_pages),
	KUNIT_CASE(stack_pool_gives_its_pages_back),
	KUNIT_CASE(stack_has_one_owner_among_cpus),
	{}
};

static struct kunit_suite stack_suite = {
	.name = "kcoro_stack",
	.init = stack_test_init,
	.exit = stack_test_exit,
	.test_cases = stack_cases,
};

kunit_test_suites(&stack_suite);
