// SPDX-License-Identifier: GPL-2.0
/*
 * Timers that tick into a channel: Go's time.Timer, Ticker and After.
 *
 * Model: a timer has a channel that holds one tick, the time it was sent at. The
 * timer's hard interrupt sends without waiting: a tick that finds the last one
 * still there is dropped, and counted, as are periods that passed without an
 * interrupt. So a slow receiver gets the ticks that it can take, and the timer
 * does not run late for it.
 *
 * Stopping and starting anew leave no stale tick, as in Go since 1.23: they wait
 * for the interrupt handler, and then empty the channel.
 *
 * Locks: the owner does not start, stop and destroy a timer at the same time;
 * whoever receives does so at any time.
 *
 * Rejected: a task for each timer that sleeps and sends (a stack each).
 */
#include <linux/kcoro_timer.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "compat.h"

/**
 * struct kcoro_timer - a timer that ticks into a channel
 * @timer: what calls tick()
 * @chan: holds one u64; both ends are the timer's
 * @period: nanoseconds, or 0: it ticks once. By the owner, while it is stopped
 * @dropped: ticks that were not sent. By tick(), read without
 */
struct kcoro_timer {
	struct hrtimer timer;
	struct kcoro_chan *chan;
	u64 period;
	u64 dropped;
};

static enum hrtimer_restart tick(struct hrtimer *hrtimer)
{
	struct kcoro_timer *timer =
		container_of(hrtimer, struct kcoro_timer, timer);
	u64 now = ktime_get_ns(), passed = 1;
	bool full;

	full = kcoro_try_send(timer->chan, &now) == -EAGAIN;
	if (timer->period)
		passed = hrtimer_forward(hrtimer, now, timer->period);
	WRITE_ONCE(timer->dropped, timer->dropped + passed - 1 + full);
	return timer->period ? HRTIMER_RESTART : HRTIMER_NORESTART;
}

/**
 * kcoro_timer_create() - make a timer
 *
 * Context: may sleep.
 * Return: the timer, stopped, for kcoro_timer_destroy(); or -ENOMEM.
 */
struct kcoro_timer *kcoro_timer_create(void)
{
	struct kcoro_timer *timer = kzalloc(sizeof(*timer), GFP_KERNEL);

	if (!timer)
		return ERR_PTR(-ENOMEM);
	timer->chan = kcoro_chan_create_irq(sizeof(u64), 1);
	if (IS_ERR(timer->chan)) {
		kfree(timer);
		return ERR_PTR(-ENOMEM);
	}
	kcoro_hrtimer_setup(&timer->timer, tick, HRTIMER_MODE_ABS_HARD);
	return timer;
}
EXPORT_SYMBOL_GPL(kcoro_timer_create);

/**
 * kcoro_timer_stop() - let a timer tick no more
 * @timer: the caller owns it
 *
 * What it has sent and nobody has received is taken back.
 *
 * Context: task or thread.
 * Return: true: it would have ticked once more, or a tick was taken back.
 */
bool kcoro_timer_stop(struct kcoro_timer *timer)
{
	bool armed = hrtimer_cancel(&timer->timer);
	u64 stale;

	return kcoro_try_recv(timer->chan, &stale) == 1 || armed;
}
EXPORT_SYMBOL_GPL(kcoro_timer_stop);

/**
 * kcoro_timer_start() - let a timer tick
 * @timer: the caller owns it; if it runs, it is stopped first
 * @when: the first tick: absolute, CLOCK_MONOTONIC
 * @period: nanoseconds between ticks, KCORO_TIMER_PERIOD_MIN or more; 0: there is
 *	one tick only
 *
 * Context: task or thread.
 * Return: 0. -EINVAL: the period is too short; the timer runs as before.
 */
int kcoro_timer_start(struct kcoro_timer *timer, ktime_t when, u64 period)
{
	if ((period && period < KCORO_TIMER_PERIOD_MIN) || period > KTIME_MAX)
		return -EINVAL;
	kcoro_timer_stop(timer);
	timer->period = period;
	/* Far before its zero, hrtimers would overflow to "never". */
	hrtimer_start(&timer->timer, max_t(ktime_t, when, 0),
		      HRTIMER_MODE_ABS_HARD);
	return 0;
}
EXPORT_SYMBOL_GPL(kcoro_timer_start);

/**
 * kcoro_timer_destroy() - stop and free a timer
 * @timer: the caller owns it; an error pointer does nothing
 *
 * Those who wait for a tick get end of stream.
 *
 * Context: may sleep.
 */
void kcoro_timer_destroy(struct kcoro_timer *timer)
{
	if (IS_ERR_OR_NULL(timer))
		return;
	kcoro_timer_stop(timer);
	kcoro_chan_drop(timer->chan, KCORO_SEND);
	kcoro_chan_drop(timer->chan, KCORO_RECV);
	kfree(timer);
}
EXPORT_SYMBOL_GPL(kcoro_timer_destroy);

/**
 * kcoro_timer_chan() - the channel that a timer ticks into
 * @timer: whose
 *
 * A message is the time of a tick, CLOCK_MONOTONIC in nanoseconds. Who may
 * receive longer than the timer exists holds the receiving end.
 *
 * Context: any.
 */
struct kcoro_chan *kcoro_timer_chan(struct kcoro_timer *timer)
{
	return timer->chan;
}
EXPORT_SYMBOL_GPL(kcoro_timer_chan);

/**
 * kcoro_timer_dropped() - how many ticks were due that nobody has taken
 * @timer: whose
 *
 * Context: any.
 */
u64 kcoro_timer_dropped(const struct kcoro_timer *timer)
{
	return READ_ONCE(timer->dropped);
}
EXPORT_SYMBOL_GPL(kcoro_timer_dropped);
