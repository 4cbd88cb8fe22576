// SPDX-License-Identifier: GPL-2.0
/*
 * userspace/examples/pool.c, as it is, does all of its work, two jobs at a time, and
 * complains of what fails.
 */
#include "kcoro_test.h"

#define main example_main
#include "../userspace/examples/pool.c"
#undef main

/* A child that runs it; what it prints comes from @out. */
static pid_t start(t_metadata, char **argv, int *out)
{
	int argc = 0, p[2];
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
	*out = p[0];
	return pid;
}

static void read_all(int fd, char *text, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, text + len, size - 1 - len)) > 0)
		len += n;
	text[len] = '\0';
	close(fd);
}

#define JOBS_MAX 64

/* Ids of the example's tasks, without those that they have spawned themselves. */
static int list_jobs(int watch, uint64_t *ids)
{
	struct kcoro_task_info *list;
	ssize_t n = kcoro_list(watch, KCORO_SCOPE_ALL, &list), i;
	int count = 0;

	for (i = 0; i < n && count < JOBS_MAX; i++)
		if (!strcmp(list[i].name, "pool"))
			ids[count++] = list[i].id;
	if (n >= 0)
		free(list);
	return count;
}

/* How many live at once: a list is no snapshot, but who is in two lives in between. */
static int at_work(int watch)
{
	uint64_t first[JOBS_MAX], second[JOBS_MAX];
	int nr_first = list_jobs(watch, first);
	int nr_second = list_jobs(watch, second), both = 0, i, j;

	for (i = 0; i < nr_first; i++)
		for (j = 0; j < nr_second; j++)
			both += first[i] == second[j];
	return both;
}

TEST(pool)
{
	char *argv[] = { "pool", "300", "1", "200", "2", "250",
			 "3",	 "150", "4", "100", "5", NULL };
	const char *want[] = {
		"300: 1987\n", "1: 2\n",  "200: 1223\n",       "2: 3\n",
		"250: 1583\n", "3: 5\n",  "150: 863\n",	       "4: 7\n",
		"100: 541\n",  "5: 11\n", "10 jobs are done\n"
	};
	int out, watch = kcoro_open(0), most = 0, n;
	char text[512];
	size_t i;
	pid_t pid;

	ASSERT_LE(0, watch);
	pid = start(_metadata, argv, &out);
	while (!waitpid(pid, NULL, WNOHANG)) {
		n = at_work(watch);
		most = n > most ? n : most;
		usleep(200);
	}
	read_all(out, text, sizeof(text));
	for (i = 0; i < ROWS(want); i++) {
		EXPECT_NE(NULL, strstr(text, want[i]))
		TH_LOG("no %s in %s", want[i], text);
	}
	/* the last line is the last */
	EXPECT_STREQ(want[i - 1], text + strlen(text) - strlen(want[i - 1]));
	EXPECT_GE(AT_A_TIME, most);
	EXPECT_LT(0, most);
	close(watch);
}

TEST(pool_with_a_job_that_cannot_be_started)
{
	char *argv[] = { "pool", "5", "many", NULL };
	char text[512];
	pid_t pid;
	int out;

	pid = start(_metadata, argv, &out);
	EXPECT_EQ(1, wait_child(pid));
	read_all(out, text, sizeof(text));
	EXPECT_EQ(NULL, strstr(text, "jobs are done"));
}

TEST(pool_without_work)
{
	char *argv[] = { "pool", NULL };
	char text[512];
	pid_t pid;
	int out;

	pid = start(_metadata, argv, &out);
	EXPECT_EQ(0, wait_child(pid));
	read_all(out, text, sizeof(text));
	EXPECT_STREQ("0 jobs are done\n", text);
}

TEST_HARNESS_MAIN
