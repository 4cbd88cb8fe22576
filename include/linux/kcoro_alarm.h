/* SPDX-License-Identifier: GPL-2.0 */
/* What a scope has in it to know when its time has come. Of no use by itself. */
#ifndef _LINUX_KCORO_ALARM_H
#define _LINUX_KCORO_ALARM_H

#include <linux/hrtimer.h>
#include <linux/timerqueue.h>

/**
 * struct kcoro_alarm - calls a function at a time; its fields are the module's own
 * @timer: by the kernel's clock
 * @node: or by that of a bubble: in its queue
 * @fire: the function
 */
struct kcoro_alarm {
	union {
		struct hrtimer timer;
		struct timerqueue_node node;
	};
	ktime_t (*fire)(struct kcoro_alarm *alarm, ktime_t due);
};

#endif /* _LINUX_KCORO_ALARM_H */
