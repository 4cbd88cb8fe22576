// SPDX-License-Identifier: GPL-2.0
/*
 * Two tasks bounce a number over two unbuffered channels; loading the module
 * prints what a round trip (four channel calls, two switches) costs.
 *
 * What to copy from here: a channel comes with both ends held by its creator;
 * here the creator keeps them until both tasks have ended, so the tasks need
 * not care. It closes the channels to end a task early.
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kcoro.h>

#define ROUNDS_MAX	100000000

static unsigned int rounds = 100000;
module_param(rounds, uint, 0444);
MODULE_PARM_DESC(rounds, "How many round trips to make, 1 to 100000000");

/**
 * struct table - what both tasks play with
 * @ping: from ping() to pong()
 * @pong: back
 * @ns: how long it took
 */
struct table {
	struct kcoro_chan *ping;
	struct kcoro_chan *pong;
	u64 ns;
};

/* Serves; the ball must come back one higher. */
static s64 ping(void *data)
{
	struct table *table = data;
	u64 start = ktime_get_ns();
	int i, ball, ret;

	for (i = 0; i < rounds; i++) {
		ball = i;
		ret = kcoro_send(table->ping, &ball, KCORO_FOREVER);
		if (ret)
			return ret;
		ret = kcoro_recv(table->pong, &ball, KCORO_FOREVER);
		if (ret <= 0)
			return ret ?: -EPIPE;
		if (ball != i + 1)
			return -EBADMSG;
	}
	table->ns = ktime_get_ns() - start;
	return i;
}

static s64 pong(void *data)
{
	struct table *table = data;
	int i, ball, ret;

	for (i = 0; i < rounds; i++) {
		ret = kcoro_recv(table->ping, &ball, KCORO_FOREVER);
		if (ret <= 0)
			return ret ?: -EPIPE;
		ball++;
		ret = kcoro_send(table->pong, &ball, KCORO_FOREVER);
		if (ret)
			return ret;
	}
	return i;
}

/* Wait for a task; at a signal, let it end early, and wait all the same. */
static s64 finish(struct table *table, struct kcoro_task *task)
{
	s64 result;

	while (kcoro_join(task, KCORO_FOREVER, &result)) {
		kcoro_chan_close(table->ping);
		kcoro_chan_close(table->pong);
		msleep(20);
	}
	kcoro_task_put(task);
	return result;
}

static s64 play(struct table *table)
{
	struct kcoro_task *a, *b;
	s64 ret, other;

	a = kcoro_go(ping, table);
	if (IS_ERR(a))
		return PTR_ERR(a);
	b = kcoro_go(pong, table);
	if (IS_ERR(b)) {
		kcoro_cancel(a);
		finish(table, a);
		return PTR_ERR(b);
	}
	ret = finish(table, a);
	other = finish(table, b);
	return ret < 0 ? ret : other;
}

static int __init pingpong_init(void)
{
	struct table table = {};
	s64 ret;

	if (!rounds || rounds > ROUNDS_MAX)
		return -EINVAL;
	table.ping = kcoro_chan_create(sizeof(int), 0);
	if (IS_ERR(table.ping))
		return PTR_ERR(table.ping);
	table.pong = kcoro_chan_create(sizeof(int), 0);
	if (IS_ERR(table.pong)) {
		ret = PTR_ERR(table.pong);
		goto out_ping;
	}

	ret = play(&table);
	if (ret >= 0)
		pr_info("kcoro_pingpong: %u round trips, %llu ns each\n",
			rounds, table.ns / rounds);

	kcoro_chan_drop(table.pong, KCORO_SEND | KCORO_RECV);
out_ping:
	kcoro_chan_drop(table.ping, KCORO_SEND | KCORO_RECV);
	return min_t(s64, ret, 0);
}

static void __exit pingpong_exit(void)
{
}

module_init(pingpong_init);
module_exit(pingpong_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The kcoro authors");
MODULE_DESCRIPTION("Example for kcoro: two tasks in ping-pong");
