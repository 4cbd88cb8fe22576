/* SPDX-License-Identifier: GPL-2.0 */
/* The state of CPUs, for operators: see cpus.c. */
#ifndef KCORO_CPUS_H
#define KCORO_CPUS_H

struct file;
struct kcoro_call;

int kcoro_ioc_cpus(struct file *file, struct kcoro_call *call);

#endif /* KCORO_CPUS_H */
