/* SPDX-License-Identifier: GPL-2.0 */
/* Scopes: see scope.c. */
#ifndef KCORO_SCOPE_INTERNAL_H
#define KCORO_SCOPE_INTERNAL_H

struct kcoro_task;

void kcoro_scope_close_all(struct kcoro_task *task);

#endif /* KCORO_SCOPE_INTERNAL_H */
