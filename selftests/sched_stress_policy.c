// SPDX-License-Identifier: GPL-2.0
/* sched_stress.c while policies are switched. */
#define WITH_POLICIES 1
#include "sched_stress.c"
