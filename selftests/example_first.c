// SPDX-License-Identifier: GPL-2.0
/*
 * The first programs of Go and asyncio, as they are, say what they should:
 * userspace/examples/first.c and kmod/examples/kcoro_first.c.
 */
#include "kcoro_test.h"

#define main example_main
#include "../userspace/examples/first.c"
#undef main

TEST(program)
{
	char out[256] = "";
	size_t used = 0;
	ssize_t n;
	pid_t pid;
	int p[2];

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
	while ((n = read(p[0], out + used, sizeof(out) - 1 - used)) > 0)
		used += n;
	close(p[0]);
	EXPECT_STREQ("main goes on\nawaited 0\n", out);
	EXPECT_EQ(0, wait_child(pid));
}

/* A read gives one record: "PREFIX;TEXT\n". Appends the texts of the module. */
static void read_log(int log, char *text, size_t size)
{
	char record[8192], *line;
	ssize_t n;

	while ((n = read(log, record, sizeof(record) - 1)) > 0) {
		record[n] = '\0';
		line = strstr(record, ";kcoro_first: ");
		if (line && strlen(text) + strlen(line) < size)
			strcat(text, line + strlen(";kcoro_first: "));
	}
}

TEST(module)
{
	char text[1024] = "";
	int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	ASSERT_LE(0, log);
	lseek(log, 0, SEEK_END);
	ASSERT_EQ(0, system("modprobe kcoro_first"));
	read_log(log, text, sizeof(text));
	close(log);
	EXPECT_STREQ("hello from a task\n"
		     "hello from init\n"
		     "awaited 42\n",
		     text);
	EXPECT_EQ(0, syscall(SYS_delete_module, "kcoro_first", O_NONBLOCK));
}

TEST_HARNESS_MAIN
