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
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "alarm.h"
#include "bubble.h"

/**
 * struct kcoro_timer - a timer that ticks into a channel
 * @alarm: what calls tick()
 * @bubble: whose clock it goes by, held; NULL: the kernel's
 * @chan: holds one u64; both ends are the timer's
 * @period: nanoseconds, or 0: it ticks once. By the owner, while it is stopped
 * @dropped: ticks that were not sent. By tick(), read without
 */
struct kcoro_timer {
	struct kcoro_alarm alarm;
	struct kcoro_bubble *bubble;
	struct kcoro_chan *chan;
	u64 period;
	u64 dropped;
};

static ktime_t tick(struct kcoro_alarm *alarm, ktime_t due)
{
	struct kcoro_timer *timer =
		container_of(alarm, struct kcoro_timer, alarm);
	u64 now = kcoro_bubble_time(timer->bubble), passed = 1;
	bool full;

	full = kcoro_try_send(timer->chan, &now) == -EAGAIN;
	if (timer->period)
		passed += div64_u64(now - due, timer->period);
	WRITE_ONCE(timer->dropped, timer->dropped + passed - 1 + full);
	return timer->period ? due + passed * timer->period : KCORO_FOREVER;
}

/**
 * kcoro_timer_create() - make a timer
 *
 * A timer made in a bubble goes by its clock, and must only be used in it, or
 * after its end.
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
	timer->bubble = kcoro_bubble_get(kcoro_bubble_self());
	kcoro_alarm_setup(&timer->alarm, timer->bubble, tick,
			  HRTIMER_MODE_ABS_HARD);
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
	bool armed = kcoro_alarm_cancel(&timer->alarm, timer->bubble);
	u64 stale;

	return kcoro_try_recv(timer->chan, &stale) == 1 || armed;
}
EXPORT_SYMBOL_GPL(kcoro_timer_stop);

/**
 * kcoro_timer_start() - let a timer tick
 * @timer: the caller owns it; if it runs, it is stopped first
 * @when: the first tick: absolute, see kcoro_now()
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
	kcoro_alarm_start(&timer->alarm, timer->bubble, when);
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
	kcoro_bubble_put(timer->bubble);
	kfree(timer);
}
EXPORT_SYMBOL_GPL(kcoro_timer_destroy);

/**
 * kcoro_timer_chan() - the channel that a timer ticks into
 * @timer: whose
 *
 * A message is the time of a tick, as by kcoro_now(), in nanoseconds. Who may
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
