/* SPDX-License-Identifier: GPL-2.0 */
/* Functions called at a time: see alarm.c. */
#ifndef KCORO_ALARM_H
#define KCORO_ALARM_H

#include <linux/kcoro_alarm.h>

struct kcoro_bubble;

/* What @fire does: returns when it is due again, or KCORO_FOREVER. */
typedef ktime_t kcoro_fire(struct kcoro_alarm *alarm, ktime_t due);

void kcoro_alarm_setup(struct kcoro_alarm *alarm, struct kcoro_bubble *bubble,
		       kcoro_fire *fire, enum hrtimer_mode mode);
void kcoro_alarm_setup_on_stack(struct kcoro_alarm *alarm,
				struct kcoro_bubble *bubble, kcoro_fire *fire,
				enum hrtimer_mode mode);
void kcoro_alarm_start(struct kcoro_alarm *alarm, struct kcoro_bubble *bubble,
		       ktime_t when);
bool kcoro_alarm_cancel(struct kcoro_alarm *alarm, struct kcoro_bubble *bubble);
void kcoro_alarm_destroy_on_stack(struct kcoro_alarm *alarm,
				  struct kcoro_bubble *bubble);

#endif /* KCORO_ALARM_H */
