/* SPDX-License-Identifier: GPL-2.0 */
/* Limits and who has used them up: see limits.c. */
#ifndef KCORO_LIMITS_H
#define KCORO_LIMITS_H

#include <linux/types.h>
#include <linux/uidgid.h>

/* What cannot be set. */
#define KCORO_ARG_MAX		4096	/* bytes of a spawn argument */
#define KCORO_SPAWN_FDS_MAX	128	/* descriptors given to one task */
#define KCORO_SPAWN_MAX		4096	/* tasks of one SPAWN */
#define KCORO_BATCH_MAX		1024	/* messages of one SEND or RECV */

struct kcoro_info;
struct kcoro_user;

struct kcoro_user *kcoro_user_get(kuid_t uid);
void kcoro_user_put(struct kcoro_user *user);

int kcoro_limits_charge(struct kcoro_user *user);
void kcoro_limits_uncharge(struct kcoro_user *user);
void kcoro_limits_count_spawn(void);
u32 kcoro_limits_tasks_ctx(void);
u32 kcoro_limits_chans_ctx(void);
u32 kcoro_limits_groups_ctx(void);
u32 kcoro_limits_syncs_ctx(void);
void kcoro_limits_info(struct kcoro_info *info);

void kcoro_limits_init(void);

#endif /* KCORO_LIMITS_H */
