// SPDX-License-Identifier: GPL-2.0
/*
 * Alarms: functions that are called at a time.
 *
 * Model: whatever of kcoro happens at a time (the deadline of a wait, of a scope,
 * of a task, the tick of a timer) is an alarm: an hrtimer, or, for those in a
 * bubble, an entry in the queue of the bubble's clock (bubble.c). Both call the
 * function with the time at which it was due.
 *
 * Locks: none of its own. An alarm is not started and cancelled at the same time.
 * Cancelling waits for the function.
 */
#include <linux/kcoro.h>

#include "alarm.h"
#include "bubble.h"
#include "compat.h"

static enum hrtimer_restart expired(struct hrtimer *timer)
{
	struct kcoro_alarm *alarm =
		container_of(timer, struct kcoro_alarm, timer);
	ktime_t next = alarm->fire(alarm, hrtimer_get_expires(timer));

	if (next == KCORO_FOREVER)
		return HRTIMER_NORESTART;
	hrtimer_set_expires(timer, next);
	return HRTIMER_RESTART;
}

/**
 * kcoro_alarm_setup() - make an alarm
 * @alarm: it
 * @bubble: whose clock it goes by; NULL: the kernel's
 * @fire: what it does
 * @mode: HRTIMER_MODE_ABS_HARD or _SOFT: in which interrupt. In a bubble it is
 *	its worker's loop, or, at once, whoever starts an alarm that is due
 *
 * Context: any.
 */
void kcoro_alarm_setup(struct kcoro_alarm *alarm, struct kcoro_bubble *bubble,
		       kcoro_fire *fire, enum hrtimer_mode mode)
{
	alarm->fire = fire;
	if (unlikely(bubble))
		timerqueue_init(&alarm->node);
	else
		kcoro_hrtimer_setup(&alarm->timer, expired, mode);
}

/**
 * kcoro_alarm_setup_on_stack() - make an alarm on a stack
 * @alarm: it; for kcoro_alarm_destroy_on_stack()
 * @bubble: as for kcoro_alarm_setup()
 * @fire: likewise
 * @mode: likewise
 *
 * Context: any.
 */
void kcoro_alarm_setup_on_stack(struct kcoro_alarm *alarm,
				struct kcoro_bubble *bubble, kcoro_fire *fire,
				enum hrtimer_mode mode)
{
	alarm->fire = fire;
	if (unlikely(bubble))
		timerqueue_init(&alarm->node);
	else
		kcoro_hrtimer_setup_on_stack(&alarm->timer, expired, mode);
}

/**
 * kcoro_alarm_start() - have an alarm called
 * @alarm: not started, or cancelled, or called
 * @bubble: as when it was made
 * @when: absolute, CLOCK_MONOTONIC or the bubble's time
 *
 * Context: any but NMI.
 */
void kcoro_alarm_start(struct kcoro_alarm *alarm, struct kcoro_bubble *bubble,
		       ktime_t when)
{
	/* Far before their zero, hrtimers would overflow to "never". */
	when = max_t(ktime_t, when, 0);
	if (unlikely(bubble))
		kcoro_bubble_alarm(bubble, alarm, when);
	else
		hrtimer_start(&alarm->timer, when,
			      alarm->timer.is_hard ? HRTIMER_MODE_ABS_HARD :
						     HRTIMER_MODE_ABS_SOFT);
}

/**
 * kcoro_alarm_cancel() - have an alarm called no more
 * @alarm: started or not
 * @bubble: as when it was made
 *
 * Context: any that may wait for @fire.
 * Return: true: it would have been called (once more).
 */
bool kcoro_alarm_cancel(struct kcoro_alarm *alarm, struct kcoro_bubble *bubble)
{
	if (unlikely(bubble))
		return kcoro_bubble_alarm_cancel(bubble, alarm);
	return hrtimer_cancel(&alarm->timer);
}

/**
 * kcoro_alarm_destroy_on_stack() - forget an alarm on a stack
 * @alarm: not started, or cancelled
 * @bubble: as when it was made
 *
 * Context: any.
 */
void kcoro_alarm_destroy_on_stack(struct kcoro_alarm *alarm,
				  struct kcoro_bubble *bubble)
{
	if (likely(!bubble))
		destroy_hrtimer_on_stack(&alarm->timer);
}
