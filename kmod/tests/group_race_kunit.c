// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of group.c: groups in groups that are cancelled from several sides at
 * once.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/kcoro.h>
#include <linux/kcoro_group.h>
#include <linux/random.h>

#include "task.h"

#define GUARD	ktime_add_ms(ktime_get(), 30000) /* against hangs */
#define PAST	0
#define BOTH	(KCORO_SEND | KCORO_RECV)

#include "task_ops.h"

/* Nobody sends: who waits here waits until he is cancelled. */
static struct kcoro_chan *gate;

static int group_init(struct kunit *test)
{
	gate = kcoro_chan_create(sizeof(u64), 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, gate);
	return 0;
}

static void group_exit(struct kunit *test)
{
	kcoro_chan_drop(gate, BOTH);
}

static struct kcoro_group *make(struct kunit *test, struct kcoro_group *parent)
{
	struct kcoro_group *group = kcoro_group_create(parent, 0, 0);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, group);
	return group;
}

static s64 await_gate(void *data)
{
	u64 value;

	return kcoro_recv(gate, &value, KCORO_FOREVER);
}

static struct kcoro_task *join_in(struct kunit *test, struct kcoro_group *group)
{
	struct kcoro_spawn_args args = {
		.fn = await_gate, .owner = THIS_MODULE,
	};
	struct kcoro_task *task = kcoro_group_spawn(group, &args, PAST);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	return task;
}

/* Groups end as their tasks do; else they are ended here, and it has failed. */
static void expect_all_end(struct kunit *test, struct kcoro_group *group)
{
	KUNIT_EXPECT_EQ(test, kcoro_group_wait(group, KCORO_GROUP_ALL, GUARD), 0);
	if (kcoro_group_live(group))
		kcoro_chan_close(gate);
}

/* --- A tree ----------------------------------------------------------------- */

#define FANOUT	4
#define NODES	85	/* 1 + 4 + 16 + 64 */
#define ROUNDS	20

/**
 * struct tree - groups in groups, each with a task; the parent of i is (i - 1) / 4
 * @group: of each node
 * @task: the one in it
 * @order: nodes in the order in which they are cancelled, by two sides by turns
 * @nr: how many are: half of them, the root among these
 * @won: of each node: who cancelled it was told that he did
 * @begun: sides that have
 */
struct tree {
	struct kcoro_group *group[NODES];
	struct kcoro_task *task[NODES];
	u32 order[NODES];
	u32 nr;
	bool won[NODES];
	atomic_t begun;
};

struct side {
	struct tree *tree;
	u32 first;
};

static u32 parent_of(u32 i)
{
	return (i - 1) / FANOUT;
}

static void plant(struct kunit *test, struct tree *tree)
{
	u32 i, k;

	memset(tree, 0, sizeof(*tree));
	for (i = 0; i < NODES; i++) {
		tree->group[i] = make(test, i ? tree->group[parent_of(i)] :
						NULL);
		tree->task[i] = join_in(test, tree->group[i]);
		tree->order[i] = i;
	}
	/* All but the root are shuffled; half of them, and the root, are left. */
	for (i = NODES - 1; i > 1; i--) {
		k = 1 + get_random_u32() % i;
		swap(tree->order[i], tree->order[k]);
	}
	tree->nr = NODES / 2;
	k = get_random_u32() % tree->nr;
	swap(tree->order[0], tree->order[k]);
}

static s64 cancel_by_turns(void *data)
{
	struct side *side = data;
	struct tree *tree = side->tree;
	char why[8];
	u32 i;

	atomic_inc(&tree->begun);
	while (atomic_read(&tree->begun) < 2)
		kcoro_yield();
	for (i = side->first; i < tree->nr; i += 2) {
		scnprintf(why, sizeof(why), "%u", tree->order[i]);
		tree->won[tree->order[i]] =
			kcoro_group_cancel(tree->group[tree->order[i]], why);
	}
	return 0;
}

/* Is it the node's own number, or that of one around it? Which? */
static bool is_reason(u32 node, u32 reason)
{
	while (node > reason)
		node = parent_of(node);
	return node == reason;
}

static void expect_canceled(struct kunit *test, struct tree *tree, u32 node)
{
	struct kcoro_exit exit;
	u32 reason = NODES;

	KUNIT_EXPECT_EQ(test, end_of(test, tree->task[node]), -ECANCELED);
	kcoro_task_exit_record(tree->task[node], &exit);
	KUNIT_EXPECT_EQ(test, kstrtou32(exit.message, 10, &reason), 0);
	KUNIT_EXPECT_TRUE(test, is_reason(node, reason));
	/* One was told that it was he, and his reason is the one that counts. */
	KUNIT_EXPECT_EQ(test, tree->won[node], node == reason);
	KUNIT_EXPECT_TRUE(test, tree->won[reason % NODES]);
}

static void cancels_of_many_sides_reach_all(struct kunit *test)
{
	struct tree *tree = kunit_kzalloc(test, sizeof(*tree), GFP_KERNEL);
	struct side side[2];
	struct kcoro_task *task[2];
	u32 n, i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, tree);
	for (n = 0; n < ROUNDS; n++) {
		plant(test, tree);
		for (i = 0; i < 2; i++) {
			side[i] = (struct side) { tree, i };
			task[i] = go_pinned(test, i, cancel_by_turns, &side[i]);
		}
		for (i = 0; i < 2; i++)
			KUNIT_EXPECT_EQ(test, finish(test, task[i]), 0);
		expect_all_end(test, tree->group[0]);
		for (i = 0; i < NODES; i++)
			expect_canceled(test, tree, i);
		for (i = 0; i < NODES; i++) {
			kcoro_task_put(tree->task[i]);
			kcoro_group_put(tree->group[i]);
		}
	}
}

/* --- One that cancels another ------------------------------------------------ */

static s64 cancel_first(void *data)
{
	return kcoro_group_cancel(data, "first") ? 0 : -EBADE;
}

static s64 cancel_in_turn(void *data)
{
	s64 ret = await_gate(NULL);

	udelay(get_random_u32() % 64);
	kcoro_group_cancel(data, "in turn");
	return ret;
}

/*
 * A task of the outer group cancels the inner one, as it is cancelled itself: before
 * or after the first cancel has come there.
 */
static void a_cancel_may_follow_another(struct kunit *test)
{
	u32 n;

	for (n = 0; n < 5 * ROUNDS; n++) {
		struct kcoro_group *outer = make(test, NULL);
		struct kcoro_group *inner = make(test, outer);
		struct kcoro_task *one, *task;
		struct kcoro_spawn_args args = {
			.fn = cancel_in_turn,
			.data = inner,
			.owner = THIS_MODULE,
			.flags = KCORO_SPAWN_PIN,
			.cpu = first_cpu(),
		};
		struct kcoro_exit exit;

		task = join_in(test, inner);
		one = kcoro_group_spawn(outer, &args, PAST);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, one);
		KUNIT_EXPECT_EQ(test, finish(test, go_pinned(test, true,
							     cancel_first,
							     outer)), 0);
		expect_all_end(test, outer);
		KUNIT_EXPECT_EQ(test, finish(test, one), -ECANCELED);
		KUNIT_EXPECT_EQ(test, end_of(test, task), -ECANCELED);
		kcoro_task_exit_record(task, &exit);
		KUNIT_EXPECT_TRUE(test, !strcmp(exit.message, "first") ||
					!strcmp(exit.message, "in turn"));
		kcoro_task_put(task);
		kcoro_group_put(inner);
		kcoro_group_put(outer);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(cancels_of_many_sides_reach_all),
	KUNIT_CASE(a_cancel_may_follow_another),
	{}
};

static struct kunit_suite suite = {
	.name = "kcoro_group_race",
	.init = group_init,
	.exit = group_exit,
	.test_cases = cases,
};
kunit_test_suites(&suite);
