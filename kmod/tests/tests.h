/* SPDX-License-Identifier: GPL-2.0 */
/* The module's own tests, where the kernel has KUnit: see suites.c. */
#ifndef KCORO_TESTS_H
#define KCORO_TESTS_H

#include <linux/kconfig.h>

#if IS_ENABLED(CONFIG_KUNIT)
void kcoro_tests_run(void);
void kcoro_tests_exit(void);
#else
static inline void kcoro_tests_run(void) { }
static inline void kcoro_tests_exit(void) { }
#endif

#endif /* KCORO_TESTS_H */
