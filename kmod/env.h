/* SPDX-License-Identifier: GPL-2.0 */
/* What a body finds when it starts: see env.c. */
#ifndef KCORO_ENV_H
#define KCORO_ENV_H

#include <linux/kcoro.h>

struct kcoro_env *kcoro_env_alloc(u32 arg_len, u32 nr_slots, gfp_t gfp);
void kcoro_env_free(struct kcoro_env *env);
size_t kcoro_env_size(const struct kcoro_env *env);

/**
 * kcoro_env_argbuf() - where the argument goes
 * @env: fresh from kcoro_env_alloc()
 *
 * Context: any.
 * Return: room for @env->arg_len bytes.
 */
static inline char *kcoro_env_argbuf(struct kcoro_env *env)
{
	return (char *)env->arg;
}

#endif /* KCORO_ENV_H */
