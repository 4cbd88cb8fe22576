/* SPDX-License-Identifier: GPL-2.0 */
/* Call traces of tasks: see dump.c. */
#ifndef KCORO_DUMP_H
#define KCORO_DUMP_H

struct kcoro_task;

void kcoro_dump_parked(struct kcoro_task *task);

#endif /* KCORO_DUMP_H */
