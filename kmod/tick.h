/* SPDX-License-Identifier: GPL-2.0 */
/* The slice timer: see tick.c. */
#ifndef KCORO_TICK_H
#define KCORO_TICK_H

#include <linux/types.h>

struct kcoro_cpu;

bool kcoro_tick_works(void);
bool kcoro_tick_stuck(const struct kcoro_cpu *cpu);
u32 kcoro_tick_slice_us(void);
void kcoro_tick_poke(struct kcoro_cpu *cpu);
void kcoro_tick_init(struct kcoro_cpu *cpu);
void kcoro_tick_wait(struct kcoro_cpu *cpu);
void kcoro_tick_stop(struct kcoro_cpu *cpu);

#endif /* KCORO_TICK_H */
