// SPDX-License-Identifier: GPL-2.0
/*
 * userspace/examples/pipeline.c, as it is, counts the lines that it should.
 */
#include "kcoro_test.h"

#define main example_main
#include "../userspace/examples/pipeline.c"
#undef main

/* Its exit status; what it prints in @out. */
static int run(t_metadata, char *file, char *word, char *out, size_t size)
{
	char *argv[] = { "pipeline", file, word, NULL };
	ssize_t n;
	pid_t pid;
	int p[2];

	ASSERT_EQ(0, pipe(p));
	pid = fork();
	if (!pid) {
		int status;

		dup2(p[1], 1);
		status = example_main(3, argv);
		fflush(stdout);
		_exit(status);
	}
	close(p[1]);
	n = read(p[0], out, size - 1);
	out[n > 0 ? n : 0] = '\0';
	close(p[0]);
	return wait_child(pid);
}

TEST(pipeline)
{
	char name[] = "/tmp/kcoro_pipeline_XXXXXX", out[256];
	int fd = mkstemp(name), i;
	FILE *f;

	ASSERT_LE(0, fd);
	f = fdopen(fd, "w");
	for (i = 0; i < 1000; i++)
		fprintf(f, "line %d%s\n", i, i % 7 ? "" : " with seven");
	fclose(f);
	EXPECT_EQ(0, run(_metadata, name, "seven", out, sizeof(out)));
	EXPECT_EQ(143, strtol(out, NULL, 10)) TH_LOG("it said: %s", out);
	unlink(name);
}

TEST(pipeline_of_a_missing_file)
{
	char out[256];

	EXPECT_EQ(1, run(_metadata, "/nonexistent", "x", out, sizeof(out)));
	EXPECT_STREQ("", out);
}

TEST_HARNESS_MAIN
