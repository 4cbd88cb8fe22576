/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Timers that tick into a channel, for kernel modules: Go's time.Timer, Ticker
 * and After. To select over, beside other channels; who only waits has deadlines,
 * kcoro_sleep_until(), and scopes.
 *
 *	struct kcoro_timer *timer = kcoro_timer_create();
 *
 *	kcoro_timer_start(timer, ktime_add_ms(kcoro_now(), 100), 100 * NSEC_PER_MSEC);
 *	while (kcoro_recv(kcoro_timer_chan(timer), &now, KCORO_FOREVER) == 1)
 *		work(now);
 */
#ifndef _LINUX_KCORO_TIMER_H
#define _LINUX_KCORO_TIMER_H

#include <linux/kcoro.h>
#include <linux/time64.h>

struct kcoro_timer;

/* The shortest period, nanoseconds. */
#define KCORO_TIMER_PERIOD_MIN	(10 * NSEC_PER_USEC)

struct kcoro_timer *kcoro_timer_create(void);
void kcoro_timer_destroy(struct kcoro_timer *timer);
int kcoro_timer_start(struct kcoro_timer *timer, ktime_t when, u64 period);
bool kcoro_timer_stop(struct kcoro_timer *timer);
struct kcoro_chan *kcoro_timer_chan(struct kcoro_timer *timer);
u64 kcoro_timer_dropped(const struct kcoro_timer *timer);

#endif /* _LINUX_KCORO_TIMER_H */
