// SPDX-License-Identifier: GPL-2.0
/* Runs the suites of all files of tests: see suites.h. */
#include <linux/kernel.h>

#include "suites.h"
#include "tests.h"

/* Kbuild gives KCORO_SUITES: X(name) for each file. */
#define X(name) extern struct kunit_suite *const (name);
KCORO_SUITES
#undef X

static struct kunit_suite *const *const by_name[] = {
#define X(name) &(name),
	KCORO_SUITES
#undef X
};

static struct kunit_suite *suites[ARRAY_SIZE(by_name)];

/**
 * kcoro_tests_run() - run all tests; the kernel log gets the results
 *
 * Context: module init, when everything works.
 */
void kcoro_tests_run(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(suites); i++)
		suites[i] = *by_name[i];
	__kunit_test_suites_init(suites, ARRAY_SIZE(suites));
}

/**
 * kcoro_tests_exit() - let KUnit forget the suites
 *
 * Context: module exit.
 */
void kcoro_tests_exit(void)
{
	__kunit_test_suites_exit(suites, ARRAY_SIZE(suites));
}
