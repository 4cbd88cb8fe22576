// SPDX-License-Identifier: GPL-2.0
/*
 * userspace/examples/hello.c, as it is, says what it should.
 */
#include "kcoro_test.h"

#define main example_main
#include "../userspace/examples/hello.c"
#undef main

TEST(hello)
{
	char out[64] = "";
	int p[2];
	pid_t pid;

	ASSERT_EQ(0, pipe(p));
	pid = fork();
	if (!pid) {
		int status;

		dup2(p[1], 1);
		status = example_main();
		fflush(stdout);
		_exit(status);
	}
	close(p[1]);
	EXPECT_EQ(6, read(p[0], out, sizeof(out) - 1));
	EXPECT_STREQ("hello\n", out);
	EXPECT_EQ(0, wait_child(pid));
}

TEST_HARNESS_MAIN
