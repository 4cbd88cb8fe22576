// SPDX-License-Identifier: GPL-2.0
/*
 * Random operations on a few channels by tasks and threads of all CPUs, some
 * of them cancelled now and then, against a rule: each message whose sender
 * was told of success is received exactly once, in its sender's order, and no
 * operation gives what it must not.
 *
 * The seed is in the log; the parameter oracle_seed takes it back.
 */
#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/completion.h>
#include <linux/kcoro.h>
#include <linux/kthread.h>
#include <linux/prandom.h>
#include <linux/random.h>

#include "task.h"

#define GUARD	ktime_add_ms(ktime_get(), 60000) /* against hangs */
#define PAST	0
#define BOTH	(KCORO_SEND | KCORO_RECV)

static unsigned int oracle_seed;
module_param(oracle_seed, uint, 0444);
MODULE_PARM_DESC(oracle_seed, "Seed of the random operations, 0: a new one");

static u32 pick_seed(struct kunit *test)
{
	u32 seed = oracle_seed ?: get_random_u32() ?: 1;

	kunit_info(test, "oracle_seed=%u\n", seed);
	return seed;
}

static u32 draw(struct rnd_state *random, u32 below)
{
	return prandom_u32_state(random) % below;
}

#define CHANS	3
#define TASKS	3
#define ACTORS	5	/* those after the tasks are threads */
#define OPS	1000

struct world;

/* @next: the least that may come from a sender over a channel. */
struct actor {
	struct world *world;
	u32 index;
	struct rnd_state random;
	u64 sent[CHANS];
	u64 next[CHANS][ACTORS];
	u64 wrong;
	u64 canceled;
	struct kcoro_task *task;
	struct completion done;
};

/* The actor after the last is the test's own thread, when all have ended. */
struct world {
	struct kcoro_chan *chan[CHANS];
	struct actor actor[ACTORS + 1];
	DECLARE_BITMAP(seen[CHANS][ACTORS], OPS);
};

static u64 message(struct actor *actor, u32 chan)
{
	return ((u64)chan << 56) | ((u64)actor->index << 48) |
	       actor->sent[chan];
}

static void received(struct actor *actor, u32 chan, u64 value)
{
	u32 sender = (value >> 48) & 0xff;
	u64 nr = value & GENMASK_ULL(47, 0);

	if (value >> 56 != chan || sender >= ACTORS || nr >= OPS ||
	    nr < actor->next[chan][sender] ||
	    test_and_set_bit(nr, actor->world->seen[chan][sender])) {
		actor->wrong++;
		return;
	}
	actor->next[chan][sender] = nr + 1;
}

/* Count the outcome of an operation. */
static void account(struct actor *actor, u32 chan, bool send, u64 value,
		    int ret)
{
	if (ret == -ECANCELED && actor->index < TASKS)
		actor->canceled++;
	else if (ret == -ETIMEDOUT || ret == -EAGAIN)
		return;
	else if (send && !ret)
		actor->sent[chan]++;
	else if (!send && ret == 1)
		received(actor, chan, value);
	else
		actor->wrong++;
}

static ktime_t draw_deadline(struct actor *actor)
{
	return draw(&actor->random, 4) ?
		       ktime_add_us(ktime_get(), draw(&actor->random, 150)) :
		       PAST;
}

static void act_select(struct actor *actor)
{
	u32 nr = 2 + draw(&actor->random, 2), i;
	u32 flags = draw(&actor->random, 4); /* any of the two */
	struct kcoro_select_case c[3] = {};
	u64 value[3];
	u32 chan[3];
	int index;

	for (i = 0; i < nr; i++) {
		chan[i] = draw(&actor->random, CHANS);
		value[i] = message(actor, chan[i]);
		c[i].chan = actor->world->chan[chan[i]];
		c[i].op = draw(&actor->random, 2) ? KCORO_OP_SEND :
						    KCORO_OP_RECV;
		c[i].msg = &value[i];
	}
	index = kcoro_select(c, nr, flags, draw_deadline(actor));
	if (index < 0)
		account(actor, 0, true, 0, index);
	else
		account(actor, chan[index], c[index].op == KCORO_OP_SEND,
			value[index], c[index].result);
}

static void act(struct actor *actor)
{
	u32 nr = draw(&actor->random, CHANS);
	struct kcoro_chan *chan = actor->world->chan[nr];
	bool send = draw(&actor->random, 2);
	u64 value = message(actor, nr);
	ktime_t deadline;
	int ret;

	switch (draw(&actor->random, 8)) {
	case 0 ... 2:
		deadline = draw_deadline(actor);
		ret = send ? kcoro_send(chan, &value, deadline) :
			     kcoro_recv(chan, &value, deadline);
		account(actor, nr, send, value, ret);
		break;
	case 3 ... 4:
		ret = send ? kcoro_try_send(chan, &value) :
			     kcoro_try_recv(chan, &value);
		account(actor, nr, send, value, ret);
		break;
	case 5 ... 6:
		act_select(actor);
		break;
	default:
		kcoro_yield();
	}
}

static s64 actor_run(void *data)
{
	struct actor *actor = data;
	int i;

	for (i = 0; i < OPS; i++) {
		act(actor);
		cond_resched();
	}
	complete(&actor->done);
	return 0;
}

static int actor_thread(void *data)
{
	return actor_run(data);
}

static void actor_start(struct kunit *test, struct actor *actor)
{
	struct task_struct *thread;

	init_completion(&actor->done);
	if (actor->index < TASKS) {
		actor->task = kcoro_go(actor_run, actor);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, actor->task);
		return;
	}
	thread = kthread_create_on_cpu(actor_thread, actor,
				       actor->index % 2 ?
					       cpumask_first(cpu_online_mask) :
					       cpumask_last(cpu_online_mask),
				       "kcoro-test/%u");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, thread);
	wake_up_process(thread);
}

/* Cancel tasks at random until all are done. Returns how many requests. */
static u64 disturb(struct world *world, struct rnd_state *random)
{
	u64 requests = 0;
	u32 i = 0, guard;

	for (guard = 0; i < ACTORS && guard < 60000; guard++) {
		requests += kcoro_cancel(world->actor[draw(random, TASKS)].task);
		kcoro_sleep_until(ktime_add_us(ktime_get(), 300));
		while (i < ACTORS && completion_done(&world->actor[i].done))
			i++;
	}
	return requests;
}

static void oracle_finds_nothing_lost_or_doubled(struct kunit *test)
{
	static const u32 capacities[CHANS] = { 0, 1, 4 };
	struct world *world = kunit_kzalloc(test, sizeof(*world), GFP_KERNEL);
	struct actor *last = &world->actor[ACTORS];
	u32 seed = pick_seed(test), i, j;
	struct rnd_state random;
	u64 value, canceled = 0;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, world);
	prandom_seed_state(&random, seed);
	for (i = 0; i < CHANS; i++) {
		world->chan[i] = kcoro_chan_create(sizeof(u64), capacities[i]);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, world->chan[i]);
	}
	for (i = 0; i <= ACTORS; i++) {
		world->actor[i].world = world;
		world->actor[i].index = i;
		prandom_seed_state(&world->actor[i].random,
				   prandom_u32_state(&random));
	}
	for (i = 0; i < ACTORS; i++)
		actor_start(test, &world->actor[i]);
	value = disturb(world, &random);
	for (i = 0; i < ACTORS; i++) {
		struct actor *actor = &world->actor[i];

		KUNIT_ASSERT_TRUE(test, completion_done(&actor->done));
		KUNIT_EXPECT_EQ(test, actor->wrong, 0);
		canceled += actor->canceled;
		if (actor->task)
			kcoro_join(actor->task, GUARD, NULL);
		kcoro_task_put(actor->task);
	}
	KUNIT_EXPECT_LE(test, canceled, value);
	for (i = 0; i < CHANS; i++) {
		while (kcoro_try_recv(world->chan[i], &value) == 1)
			received(last, i, value);
		for (j = 0; j < ACTORS; j++)
			KUNIT_EXPECT_EQ(test, world->actor[j].sent[i],
					bitmap_weight(world->seen[i][j], OPS));
		kcoro_chan_drop(world->chan[i], BOTH);
	}
	KUNIT_EXPECT_EQ(test, last->wrong, 0);
}

static struct kunit_case oracle_cases[] = {
	KUNIT_CASE(oracle_finds_nothing_lost_or_doubled),
	{}
};

static struct kunit_suite oracle_suite = {
	.name = "kcoro_oracle",
	.test_cases = oracle_cases,
};

kunit_test_suites(&oracle_suite);
