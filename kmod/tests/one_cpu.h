/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For tests of who runs after whom: with a second CPU, that would take some of
 * the tasks over.
 */
#ifndef KCORO_TESTS_ONE_CPU_H
#define KCORO_TESTS_ONE_CPU_H

#include <kunit/test.h>

#include "worker.h"

/* From here to the end of the test case all tasks run on one CPU. */
static inline void one_cpu(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, kcoro_pool_set_active(1), 0);
}

/* The suite's exit. */
static inline void all_cpus(struct kunit *test)
{
	kcoro_pool_set_active(0);
}

#endif /* KCORO_TESTS_ONE_CPU_H */
