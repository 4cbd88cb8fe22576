/* SPDX-License-Identifier: MIT */
/*
 * kcoro ps --summary.
 */
#ifndef SUMMARY_H
#define SUMMARY_H

#include <kcoro.h>

/* Prints, or with --json writes, what many tasks come to. Sorts them. */
void summary_show(struct kcoro_task_info *tasks, size_t n);

#endif /* SUMMARY_H */
