// SPDX-License-Identifier: GPL-2.0
/*
 * sleep: waits.
 *
 * On the smallest stack: it calls kcoro_sleep_ms() and nothing else, so many
 * of it can be had.
 */
#include <linux/sizes.h>

#include "body.h"
#include "stream.h"

#define SLEEP_MAX_MS	(24 * 3600 * 1000)

static int sleep_check(struct kcoro_env *env)
{
	u32 ms;
	int err = kcoro_stream_only_number(env, 0, SLEEP_MAX_MS, &ms);

	if (!err)
		env->priv = (void *)(unsigned long)ms;
	return err;
}

static int sleep_run(struct kcoro_env *env)
{
	return kcoro_sleep_ms((unsigned long)env->priv);
}

struct kcoro_body kcoro_body_sleep = {
	.name = "sleep",
	.help = "MILLISECONDS: waits for so long",
	.owner = THIS_MODULE,
	.stack_min = SZ_4K,
	.check = sleep_check,
	.run = sleep_run,
};
