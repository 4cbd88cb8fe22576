// SPDX-License-Identifier: GPL-2.0
/*
 * spin: computes for a time, giving way whenever somebody else wants the CPU.
 *
 * In a bubble, where the time stands still while a task computes, it waits for so
 * long instead: as if it computed on a machine of its own. To ask the kernel's clock
 * would give another number of turns each time.
 */
#include <linux/ktime.h>

#include "body.h"
#include "bubble.h"
#include "stream.h"

#define SPIN_MAX_MS	(3600 * 1000)

static int spin_check(struct kcoro_env *env)
{
	u32 ms;
	int err = kcoro_stream_only_number(env, 0, SPIN_MAX_MS, &ms);

	if (!err)
		env->priv = (void *)(unsigned long)ms;
	return err;
}

static int spin_run(struct kcoro_env *env)
{
	unsigned long ms = (unsigned long)env->priv;
	ktime_t end = ktime_add_ms(ktime_get(), ms);

	if (kcoro_bubble_self())
		return kcoro_sleep_ms(ms);
	while (ktime_before(ktime_get(), end)) {
		if (kcoro_canceled())
			return -ECANCELED;
		kcoro_stream_polite();
		cpu_relax();
	}
	return 0;
}

struct kcoro_body kcoro_body_spin = {
	.name = "spin",
	.help = "MILLISECONDS: computes for so long, giving way to others",
	.owner = THIS_MODULE,
	.check = spin_check,
	.run = spin_run,
};
