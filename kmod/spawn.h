/* SPDX-License-Identifier: GPL-2.0 */
/* SPAWN: see spawn.c. */
#ifndef KCORO_SPAWN_H
#define KCORO_SPAWN_H

struct file;
struct kcoro_call;

int kcoro_ioc_spawn(struct file *file, struct kcoro_call *call);

#endif /* KCORO_SPAWN_H */
