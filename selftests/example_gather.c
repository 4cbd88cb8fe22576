// SPDX-License-Identifier: GPL-2.0
/*
 * userspace/examples/gather.c, as it is, prints results in order, or complains.
 */
#include "kcoro_test.h"

#define main example_main
#include "../userspace/examples/gather.c"
#undef main

/* Its exit status; what it prints in @out. */
static int run(t_metadata, char **argv, char *out, size_t size)
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
	while ((n = read(p[0], out + len, size - 1 - len)) > 0)
		len += n;
	out[len] = '\0';
	close(p[0]);
	return wait_child(pid);
}

TEST(gather)
{
	/* the first takes longest */
	char *many[] = { "gather", "500", "1", "4", "3", "2", NULL };
	char *wrong[] = { "gather", "5", "many", NULL };
	char *none[] = { "gather", NULL };
	char out[256];

	EXPECT_EQ(0, run(_metadata, many, out, sizeof(out)));
	EXPECT_EQ(0, strcmp(out, "500: 3571\n1: 2\n4: 7\n3: 5\n2: 3\n"))
	TH_LOG("it printed: %s", out);
	EXPECT_EQ(1, run(_metadata, wrong, out, sizeof(out)));
	EXPECT_EQ(0, strcmp(out, ""));
	EXPECT_EQ(0, run(_metadata, none, out, sizeof(out)));
	EXPECT_EQ(0, strcmp(out, ""));
}

TEST_HARNESS_MAIN
