// SPDX-License-Identifier: GPL-2.0
/*
 * userspace/examples/select-file.c, as it is, passes on what it is given, ends
 * with its input, and says so if it cannot wait for that.
 */
#include "kcoro_test.h"

#define main example_main
#include "../userspace/examples/select-file.c"
#undef main

/* A child that runs it, with @input; its output is in @out. */
static pid_t start(t_metadata, int input, int unused, int *out)
{
	pid_t pid;
	int p[2];

	ASSERT_EQ(0, pipe(p));
	pid = fork();
	if (!pid) {
		int status;

		dup2(input, 0);
		dup2(p[1], 1);
		close(unused);
		setvbuf(stdout, NULL, _IONBF, 0);
		status = example_main();
		fflush(stdout);
		_exit(status);
	}
	close(p[1]);
	close(input);
	*out = p[0];
	return pid;
}

/* Reads until there is @want. */
static void expect_text(t_metadata, int fd, const char *want)
{
	char got[64] = "";
	size_t len = 0;
	ssize_t n;

	while (len < strlen(want)) {
		n = read(fd, got + len, sizeof(got) - 1 - len);
		if (n <= 0)
			break;
		len += n;
	}
	EXPECT_STREQ(want, got);
}

TEST(select_file)
{
	int in[2], out, i;
	pid_t pid;

	ASSERT_EQ(0, pipe(in));
	pid = start(_metadata, in[0], in[1], &out);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(6, put_str(in[1], "hello\n"));
		expect_text(_metadata, out, "hello\n");
	}
	close(in[1]);
	expect_text(_metadata, out, "3 messages\n");
	EXPECT_EQ(0, wait_child(pid));
}

TEST(select_file_of_a_regular_file)
{
	char name[] = "/tmp/kcoro_select_XXXXXX", byte;
	int fd = mkstemp(name), out;
	pid_t pid;

	ASSERT_LE(0, fd);
	unlink(name);
	pid = start(_metadata, fd, -1, &out);
	EXPECT_EQ(1, wait_child(pid));
	EXPECT_EQ(0, read(out, &byte, 1));
}

TEST_HARNESS_MAIN
