// SPDX-License-Identifier: GPL-2.0
/*
 * Channels of several processes: fork, dup, SCM_RIGHTS.
 */
#include "kcoro_test.h"

CONTEXT_FIXTURE(pass)

TEST_F(pass, dup_is_one_more_name)
{
	struct pair p = chan_u64(2);
	int send = dup(p.send);

	close(p.send);
	EXPECT_EQ(8, put_u64(send, 1));
	EXPECT_EQ(1, get_u64(p.recv));
	EXPECT_EQ(-EAGAIN, poll_u64(p.recv));
	close(send);
	EXPECT_EQ(-ENODATA, get_u64(p.recv));
}

TEST_F(pass, fork_child_sends_to_its_parent)
{
	struct pair p = chan_u64(0);
	pid_t pid = fork();
	int i;

	if (!pid) {
		for (i = 0; i < 100; i++)
			if (put_u64(p.send, i) != 8)
				_exit(1);
		_exit(0);
	}
	close(p.send);
	for (i = 0; i < 100; i++)
		ASSERT_EQ(i, get_u64(p.recv));
	EXPECT_EQ(0, wait_child(pid));
	EXPECT_EQ(-ENODATA, get_u64(p.recv));
}

/* Two processes and two channels, thousands of turns. */
TEST_F(pass, fork_ping_pong)
{
	struct pair there = chan_u64(0), back = chan_u64(0);
	pid_t pid = fork();
	int64_t v;
	int i;

	if (!pid) {
		close(there.send);
		close(back.recv);
		while ((v = get_u64(there.recv)) >= 0)
			put_u64(back.send, v + 1);
		_exit(v == -ENODATA ? 0 : 1);
	}
	for (i = 0; i < 2000; i++) {
		ASSERT_EQ(8, put_u64(there.send, i));
		ASSERT_EQ(i + 1, get_u64(back.recv));
	}
	close(there.send);
	EXPECT_EQ(0, wait_child(pid));
}

/* The end of a process is the end of what it alone held. */
TEST_F(pass, killed_process_lets_go_of_its_end)
{
	struct pair p = chan_u64(1);
	pid_t pid = fork();

	if (!pid) {
		close(p.recv);
		for (;;)
			pause();
	}
	close(p.send);
	EXPECT_EQ(-EAGAIN, poll_u64(p.recv));
	kill(pid, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, wait_child(pid));
	EXPECT_EQ(-ENODATA, get_u64(p.recv));
}

TEST_F(pass, closing_in_one_process_leaves_the_other_s)
{
	struct pair p = chan_u64(1);
	pid_t pid = fork();

	if (!pid) {
		close(p.send);
		close(p.recv);
		_exit(0);
	}
	EXPECT_EQ(0, wait_child(pid));
	EXPECT_EQ(8, put_u64(p.send, 1));
	EXPECT_EQ(1, get_u64(p.recv));
}

TEST_F(pass, a_child_can_close_the_channel_for_all)
{
	struct pair p = chan_u64(1);
	pid_t pid = fork_op((struct op){ p.send, KCORO_IOC_CLOSE }, 0);

	EXPECT_EQ(0, wait_child(pid));
	EXPECT_EQ(-ENODATA, get_u64(p.recv));
	EXPECT_EQ(-EALREADY, kcoro_close_chan(p.send));
}

TEST_F(pass, scm_rights_to_one_who_has_no_context)
{
	struct pair p = chan_u64(1);
	int s[2];
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	pid = fork();
	if (!pid) {
		int fd;

		close(self->ctx);
		close(p.send);
		close(p.recv);
		fd = take_fd(s[1]);
		_exit(put_u64(fd, 42) == 8 ? 0 : 1);
	}
	EXPECT_EQ(0, pass_fd(s[0], p.send));
	close(p.send);
	EXPECT_EQ(42, get_u64(p.recv));
	EXPECT_EQ(0, wait_child(pid));
	EXPECT_EQ(-ENODATA, get_u64(p.recv));
}

/* In flight in a socket it is held; when the socket goes, it is not. */
TEST_F(pass, scm_rights_in_flight_holds_the_end)
{
	struct pair p = chan_u64(1);
	int s[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	EXPECT_EQ(0, pass_fd(s[0], p.send));
	close(p.send);
	EXPECT_EQ(-EAGAIN, poll_u64(p.recv));
	close(s[0]);
	close(s[1]);
	EXPECT_EQ(-ENODATA, get_u64(p.recv));
}

/* A task's descriptor tells its end to whoever holds it. */
TEST_F(pass, scm_rights_of_a_task)
{
	struct pair p = chan_buf(1);
	int task = spawn(self->ctx, "count", NULL, FDS(p.recv)), s[2];
	pid_t pid;

	ASSERT_LE(0, task);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	pid = fork();
	if (!pid) {
		struct kcoro_exit e;

		close(task);
		close(p.send);
		task = take_fd(s[1]);
		_exit(!kcoro_join(task, &e, 0) && e.result == 1 ? 0 : 1);
	}
	EXPECT_EQ(0, pass_fd(s[0], task));
	put_u64(p.send, 1);
	close(p.send);
	EXPECT_EQ(0, wait_child(pid));
	join_ok(_metadata, task);
}

/*
 * Messages of several processes through one channel: each once, and those of
 * one sender in order.
 */
TEST_F(pass, several_senders_and_one_receiver)
{
	enum { SENDERS = 4, EACH = 500 };
	struct pair p = chan_u64(8);
	int next[SENDERS] = { 0 }, i, n;
	pid_t pid[SENDERS];

	for (i = 0; i < SENDERS; i++) {
		pid[i] = fork();
		if (pid[i])
			continue;
		for (n = 0; n < EACH; n++)
			if (put_u64(p.send, i * 100000 + n) != 8)
				_exit(1);
		_exit(0);
	}
	close(p.send);
	for (n = 0; n < SENDERS * EACH; n++) {
		int64_t v = get_u64(p.recv);

		ASSERT_LE(0, v);
		ASSERT_EQ(next[v / 100000], v % 100000);
		next[v / 100000]++;
	}
	EXPECT_EQ(-ENODATA, get_u64(p.recv));
	for (i = 0; i < SENDERS; i++)
		EXPECT_EQ(0, wait_child(pid[i]));
}

/* Another process's channels can be given to one's own tasks. */
TEST_F(pass, channel_of_another_context)
{
	int other = kcoro_open(0);
	struct pair in = chan_u64(1);
	struct pair out = chan_of(_metadata, other, 8, 1);

	ASSERT_LE(0, spawn(other, "echo", NULL, FDS(in.recv, out.send)));
	put_u64(in.send, 8);
	EXPECT_EQ(8, get_u64(out.recv));
}

TEST_HARNESS_MAIN
