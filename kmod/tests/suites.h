/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Included before each file of tests, by Kbuild.
 *
 * KUnit runs the suites of a module before the module's init function, but
 * ours test the runtime, which that function starts. So a suite is not put
 * where KUnit looks, but gets a name, that of its file; suites.c runs all of
 * them when the module is ready.
 */
#ifndef KCORO_SUITES_H
#define KCORO_SUITES_H

#include <kunit/test.h>

#undef kunit_test_suites
#define kunit_test_suites(suite)					\
	extern struct kunit_suite *const KCORO_SUITE;			\
	struct kunit_suite *const KCORO_SUITE = (suite)

#endif /* KCORO_SUITES_H */
