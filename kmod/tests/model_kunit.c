// SPDX-License-Identifier: GPL-2.0
/*
 * Random operations on one channel, one after another, against a naive model:
 * an array, which says what each operation must give.
 *
 * The seed is in the log; the parameter model_seed takes it back.
 */
#include <kunit/test.h>
#include <linux/kcoro.h>
#include <linux/prandom.h>
#include <linux/random.h>

#include "chan.h"

#define PAST	0

static unsigned int model_seed;
module_param(model_seed, uint, 0444);
MODULE_PARM_DESC(model_seed, "Seed of the test against a model, 0: a new one");

static u32 pick_seed(struct kunit *test)
{
	u32 seed = model_seed ?: get_random_u32() ?: 1;

	kunit_info(test, "model_seed=%u\n", seed);
	return seed;
}

static u32 draw(struct rnd_state *random, u32 below)
{
	return prandom_u32_state(random) % below;
}

#define STEPS		20000
#define QUEUE_MAX	16

/* What a channel ought to be: @queue holds what was put back, too. */
struct model {
	struct kcoro_chan *chan;
	u64 queue[QUEUE_MAX];
	u32 count;
	u32 back;		/* how many of @queue were put back */
	u32 capacity;
	u32 senders;
	u32 receivers;
	bool closed;
};

static void model_make(struct kunit *test, struct model *model, u32 capacity)
{
	memset(model, 0, sizeof(*model));
	model->chan = kcoro_chan_create(sizeof(u64), capacity);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, model->chan);
	model->capacity = capacity;
	model->senders = 1;
	model->receivers = 1;
}

static void model_drop(struct model *model)
{
	for (; model->senders; model->senders--)
		kcoro_chan_drop(model->chan, KCORO_SEND);
	for (; model->receivers; model->receivers--)
		kcoro_chan_drop(model->chan, KCORO_RECV);
}

static int model_send(struct model *model, u64 value)
{
	if (model->closed || !model->receivers)
		return -EPIPE;
	if (model->count - model->back == model->capacity)
		return -EAGAIN;
	model->queue[model->count++] = value;
	return 0;
}

static int model_recv(struct model *model, u64 *value)
{
	if (!model->count)
		return model->closed || !model->senders ? 0 : -EAGAIN;
	*value = model->queue[0];
	model->count--;
	model->back -= !!model->back;
	memmove(model->queue, model->queue + 1,
		model->count * sizeof(model->queue[0]));
	return 1;
}

/* Receive and put back; what the model expects is that nothing changes. */
static bool step_unrecv(struct model *model)
{
	u64 value;

	if (kcoro_try_recv(model->chan, &value) != 1)
		return !model->count;
	kcoro_chan_unrecv(model->chan, &value);
	if (!model->back)
		model->back = 1;
	return value == model->queue[0];
}

static bool step_select(struct model *model, u64 next)
{
	u64 in = 0, out = next, want;
	struct kcoro_select_case c[2] = {
		{ .chan = model->chan, .op = KCORO_OP_RECV, .msg = &in },
		{ .chan = model->chan, .op = KCORO_OP_SEND, .msg = &out },
	};
	int index = kcoro_select(c, 2, KCORO_SELECT_NOWAIT |
				 KCORO_SELECT_PRIORITY, 0);
	int ret = model_recv(model, &want);

	if (ret != -EAGAIN)
		return index == 0 && c[0].result == ret &&
		       (ret == 0 || in == want);
	ret = model_send(model, next);
	return ret == -EAGAIN ? index == ret :
				index == 1 && c[1].result == ret;
}

static bool step_holders(struct model *model, struct rnd_state *random)
{
	/* The last of an end goes now and then only: that is for good. */
	u32 least = draw(random, 50) ? 1 : 0;

	switch (draw(random, 4)) {
	case 0:
		if (model->senders && model->senders < 5) {
			kcoro_chan_hold(model->chan, KCORO_SEND);
			model->senders++;
		}
		break;
	case 1:
		if (model->receivers && model->receivers < 5) {
			kcoro_chan_hold(model->chan, KCORO_RECV);
			model->receivers++;
		}
		break;
	case 2:
		if (model->senders > least &&
		    model->senders + model->receivers > 1) {
			kcoro_chan_drop(model->chan, KCORO_SEND);
			model->senders--;
		}
		break;
	default:
		if (model->receivers > least &&
		    model->senders + model->receivers > 1) {
			kcoro_chan_drop(model->chan, KCORO_RECV);
			model->receivers--;
		}
	}
	return true;
}

static bool step(struct model *model, struct rnd_state *random, u64 next)
{
	u64 value = next, want = 0;
	int ret;

	switch (draw(random, 16)) {
	case 0 ... 4:
		ret = kcoro_try_send(model->chan, &value);
		return ret == model_send(model, next);
	case 5 ... 9:
		ret = kcoro_try_recv(model->chan, &value);
		return ret == model_recv(model, &want) &&
		       (ret != 1 || value == want);
	case 10:
		ret = kcoro_send(model->chan, &value, PAST);
		return (ret == -ETIMEDOUT ? -EAGAIN : ret) ==
		       model_send(model, next);
	case 11:
		return step_unrecv(model);
	case 12 ... 13:
		return step_select(model, next);
	case 14:
		return step_holders(model, random);
	default:
		if (draw(random, 40))
			return true;
		ret = kcoro_chan_close(model->chan);
		want = model->closed;
		model->closed = true;
		return ret == (want ? -EALREADY : 0);
	}
}

static void model_agrees_at_every_step(struct kunit *test)
{
	static const u32 capacities[] = { 0, 1, 2, 7 };
	struct model *model = kunit_kzalloc(test, sizeof(*model), GFP_KERNEL);
	struct rnd_state random;
	u32 i, life;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, model);
	prandom_seed_state(&random, pick_seed(test));
	for (i = 0; i < STEPS;) {
		model_make(test, model, capacities[draw(&random, 4)]);
		for (life = 1 + draw(&random, 400); life; life--, i++) {
			if (step(model, &random, i))
				continue;
			KUNIT_FAIL(test, "step %u differs from the model", i);
			model_drop(model);
			return;
		}
		model_drop(model);
	}
}

static struct kunit_case model_cases[] = {
	KUNIT_CASE(model_agrees_at_every_step),
	{}
};

static struct kunit_suite model_suite = {
	.name = "kcoro_model",
	.test_cases = model_cases,
};

kunit_test_suites(&model_suite);
