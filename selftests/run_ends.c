// SPDX-License-Identifier: GPL-2.0
/*
 * How `kcoro run` ends when a stage fails, at its deadline, and by a signal: its
 * status, what it says, and that no task is left.
 */
#include "kcoro_test.h"

#define SAID "run.err"

/* `kcoro run -v`, with a pipe as its input. */
FIXTURE(run)
{
	int ctx;
	int input;
	pid_t pid;
	char said[2048];
};

FIXTURE_SETUP(run) {
	await_no_tasks();
	self->ctx = kcoro_open(0);
	ASSERT_LE(0, self->ctx);
}

FIXTURE_TEARDOWN(run) {
	EXPECT_EQ(0, count_tasks(self->ctx, KCORO_SCOPE_ALL, 1));
	close(self->ctx);
	unlink(SAID);
}

static void start(t_metadata, FIXTURE_DATA(run) * self, const char *deadline,
		  const char *pipeline)
{
	int p[2], err;

	ASSERT_EQ(0, pipe2(p, O_CLOEXEC));
	self->input = p[1];
	self->pid = fork();
	if (self->pid)
		return;
	/* A shell ignores it for what it runs in the background. */
	signal(SIGINT, SIG_DFL);
	err = open(SAID, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	dup2(p[0], 0);
	dup2(err, 2);
	execlp("kcoro", "kcoro", "run", "-v", "-t", deadline, pipeline, NULL);
	_exit(99);
}

#define START(deadline, pipeline) start(_metadata, self, deadline, pipeline)

static int status_of(FIXTURE_DATA(run) * self)
{
	int status = wait_child(self->pid);

	read_text(SAID, self->said, sizeof(self->said));
	return status;
}

#define SAYS(text)                                \
	EXPECT_NE(NULL, strstr(self->said, text)) \
	TH_LOG("it said: %s", self->said)

/* Those before it wait for input for ever, if nobody ends them. */
TEST_F(run, a_stage_in_the_middle_fails)
{
	START("1000s", "lines -m 3 | match o | count");
	put_str(self->input, "too long\n");
	EXPECT_EQ(1, status_of(self));
	SAYS("\nkcoro: stage 1 (lines): ");
	SAYS("standard input: task");
	SAYS("canceled: stage 1 (lines) failed");
}

TEST_F(run, all_goes_well)
{
	START("1000s", "lines | match o | count");
	put_str(self->input, "one\ntwo\nthree\n");
	close(self->input);
	EXPECT_EQ(0, status_of(self));
	SAYS("stage 3 (count): task");
}

TEST_F(run, the_deadline_passes)
{
	START("50ms", "lines | count");
	EXPECT_EQ(1, status_of(self));
	SAYS("canceled: the deadline passed");
	SAYS("\nkcoro: the deadline passed");
}

TEST_F(run, a_signal_comes)
{
	START("1000s", "lines | count");
	while (count_tasks(self->ctx, KCORO_SCOPE_ALL, 0) < 3)
		nap();
	kill(self->pid, SIGINT);
	EXPECT_EQ(128 + SIGINT, status_of(self));
	SAYS("canceled: interrupted");
}

TEST_HARNESS_MAIN
