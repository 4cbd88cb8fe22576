// SPDX-License-Identifier: GPL-2.0
/*
 * userspace/examples/timeout.c, as it is, tells work that is done from work that
 * failed and from work that took too long, and leaves none.
 */
#include "kcoro_test.h"

#define main example_main
#include "../userspace/examples/timeout.c"
#undef main

/* Its exit status; what it prints in @text. */
static int run(t_metadata, char **argv, char *text, size_t size)
{
	int argc = 0, p[2];
	size_t len = 0;
	ssize_t n;
	pid_t pid;

	while (argv[argc])
		argc++;
	ASSERT_EQ(0, pipe(p));
	pid = fork();
	if (!pid) {
		int status;

		dup2(p[1], 1);
		status = example_main(argc, argv);
		fflush(stdout);
		_exit(status);
	}
	close(p[1]);
	while ((n = read(p[0], text + len, size - 1 - len)) > 0)
		len += n;
	text[len] = '\0';
	close(p[0]);
	return wait_child(pid);
}

#define RUN(...)                                                         \
	run(_metadata, (char *[]){ "timeout", __VA_ARGS__, NULL }, text, \
	    sizeof(text))

TEST(timeout)
{
	char text[512];

	EXPECT_EQ(0, RUN("60000", "sleep", "1"));
	EXPECT_STREQ("done\n0 tasks are left\n", text);
	EXPECT_EQ(TOO_LONG, RUN("20", "sleep", SLEEP_LONG));
	EXPECT_STREQ("canceled: not done in time\n"
		     "canceled: not done in time\n"
		     "0 tasks are left\n",
		     text);
	/* one that computes gives way when it is asked to */
	EXPECT_EQ(TOO_LONG, RUN("20", "spin", "60000"));
	EXPECT_NE(NULL, strstr(text, "0 tasks are left\n"));
	EXPECT_EQ(1, RUN("60000", "sync", "fail:5"));
	EXPECT_STREQ("failed: fail:5: Input/output error\n"
		     "0 tasks are left\n",
		     text);
}

TEST(timeout_of_what_cannot_be_started)
{
	char text[512];

	EXPECT_EQ(1, RUN("60000", "no-such-body"));
	EXPECT_EQ(1, RUN("60000", "sleep", "soon"));
	EXPECT_EQ(2, RUN("60000"));
	EXPECT_STREQ("", text);
}

TEST_HARNESS_MAIN
