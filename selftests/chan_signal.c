// SPDX-License-Identifier: GPL-2.0
/*
 * Signals while a call waits: it ends with EINTR, or with SA_RESTART goes on;
 * stopping and freezing a process is not noticed; nothing is lost.
 */
#include "kcoro_test.h"

FIXTURE(signal)
{
	int ctx;
	struct pair in; /* unbuffered */
	struct pair full; /* of one element, which is there */
};

FIXTURE_SETUP(signal) {
	self->ctx = kcoro_open(0);
	ASSERT_LE(0, self->ctx);
	self->in = chan_u64(0);
	self->full = chan_u64(1);
	ASSERT_EQ(8, put_u64(self->full.send, 1));
}

FIXTURE_TEARDOWN(signal) {
	close(self->ctx);
}

static volatile int handled;

static void on_signal(int sig)
{
	__atomic_fetch_add(&handled, 1, __ATOMIC_SEQ_CST);
}

static void handle(t_metadata, int flags)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = flags };

	handled = 0;
	ASSERT_EQ(0, sigaction(SIGUSR1, &sa, NULL));
}

static void interrupt(struct caller *c)
{
	pthread_kill(c->thread, SIGUSR1);
	while (!__atomic_load_n(&handled, __ATOMIC_SEQ_CST))
		nap();
}

/* The call ends with EINTR. */
static void expect_eintr(t_metadata, struct op op)
{
	struct caller c;

	handle(_metadata, 0);
	caller_block(_metadata, &c, op);
	interrupt(&c);
	EXPECT_EQ(-EINTR, caller_join(&c));
}

/* The call waits on: start it; what ends it is up to the test. */
static void expect_restart(t_metadata, struct caller *c, struct op op)
{
	handle(_metadata, SA_RESTART);
	caller_block(_metadata, c, op);
	interrupt(c);
	ASSERT_EQ(1, caller_sleeps(c)) TH_LOG("it returned %ld", c->ret);
}

#define EINTR_OF(...) expect_eintr(_metadata, (struct op){ __VA_ARGS__ })
#define RESTART_OF(c, ...) \
	expect_restart(_metadata, c, (struct op){ __VA_ARGS__ })

TEST_F(signal, read)
{
	uint64_t v = 0;
	struct caller c;

	EINTR_OF(self->in.recv, OP_READ, &v, 8);
	RESTART_OF(&c, self->in.recv, OP_READ, &v, 8);
	EXPECT_EQ(8, put_u64(self->in.send, 3));
	EXPECT_EQ(8, caller_join(&c));
	EXPECT_EQ(3, v);
}

TEST_F(signal, write)
{
	uint64_t v = 4;
	struct caller c;

	EINTR_OF(self->full.send, OP_WRITE, &v, 8);
	RESTART_OF(&c, self->full.send, OP_WRITE, &v, 8);
	EXPECT_EQ(1, get_u64(self->full.recv));
	EXPECT_EQ(8, caller_join(&c));
	/* the first was not sent, the second once */
	EXPECT_EQ(4, get_u64(self->full.recv));
	EXPECT_EQ(-EAGAIN, poll_u64(self->full.recv));
}

TEST_F(signal, write_of_a_buffer)
{
	struct pair p = chan_buf(0);
	char buf[8] = "";
	struct caller c;

	EINTR_OF(p.send, OP_WRITE, "abc", 3);
	RESTART_OF(&c, p.send, OP_WRITE, "abc", 3);
	EXPECT_EQ(3, t_read(p.recv, buf, 8));
	EXPECT_STREQ("abc", buf);
	EXPECT_EQ(3, caller_join(&c));
}

TEST_F(signal, send)
{
	uint64_t v = 4;
	struct kcoro_iov iov = { t_addr(&v), 8, 0 };
	struct kcoro_io io = { .iov = t_addr(&iov), .count = 1 };
	struct caller c;

	EINTR_OF(self->full.send, KCORO_IOC_SEND, &io);
	RESTART_OF(&c, self->full.send, KCORO_IOC_SEND, &io);
	EXPECT_EQ(1, get_u64(self->full.recv));
	EXPECT_EQ(0, caller_join(&c));
	EXPECT_EQ(4, get_u64(self->full.recv));
	EXPECT_EQ(-EAGAIN, poll_u64(self->full.recv));
}

TEST_F(signal, recv)
{
	uint64_t v = 0;
	struct kcoro_iov iov = { t_addr(&v), 8, 0 };
	struct kcoro_io io = { .iov = t_addr(&iov), .count = 1 };
	struct caller c;

	EINTR_OF(self->in.recv, KCORO_IOC_RECV, &io);
	RESTART_OF(&c, self->in.recv, KCORO_IOC_RECV, &io);
	EXPECT_EQ(8, put_u64(self->in.send, 5));
	EXPECT_EQ(0, caller_join(&c));
	EXPECT_EQ(5, v);
}

/* Two of three were sent: that is what is told, with SA_RESTART or without. */
static void send_part(t_metadata, FIXTURE_DATA(signal) * self, int flags)
{
	struct pair p = chan_u64(2);
	uint64_t v[3] = { 1, 2, 3 };
	struct kcoro_iov iov[3] = {
		{ t_addr(&v[0]), 8, 0 },
		{ t_addr(&v[1]), 8, 0 },
		{ t_addr(&v[2]), 8, 0 },
	};
	struct kcoro_io io = { .iov = t_addr(iov), .count = 3 };
	struct caller c;

	handle(_metadata, flags);
	caller_block(_metadata, &c, (struct op){ p.send, KCORO_IOC_SEND, &io });
	interrupt(&c);
	EXPECT_EQ(0, caller_join(&c));
	EXPECT_EQ(2, io.done);
	EXPECT_EQ(1, get_u64(p.recv));
	EXPECT_EQ(2, get_u64(p.recv));
	EXPECT_EQ(-EAGAIN, poll_u64(p.recv));
}

TEST_F(signal, send_tells_the_part)
{
	send_part(_metadata, self, 0);
}

TEST_F(signal, send_tells_the_part_with_restart)
{
	send_part(_metadata, self, SA_RESTART);
}

TEST_F(signal, recv_all_tells_the_part)
{
	struct pair p = chan_u64(2);
	uint64_t v[2];
	struct kcoro_iov iov[2] = {
		{ t_addr(&v[0]), 8, 0 },
		{ t_addr(&v[1]), 8, 0 },
	};
	struct kcoro_io io = {
		.iov = t_addr(iov),
		.count = 2,
		.flags = KCORO_IO_ALL,
	};
	struct caller c;

	put_u64(p.send, 1);
	handle(_metadata, 0);
	caller_block(_metadata, &c, (struct op){ p.recv, KCORO_IOC_RECV, &io });
	interrupt(&c);
	EXPECT_EQ(0, caller_join(&c));
	EXPECT_EQ(1, io.done);
	EXPECT_EQ(1, v[0]);
}

TEST_F(signal, select)
{
	uint64_t v = 0;
	struct kcoro_case c1 = kcoro_case_recv(self->in.recv, &v, 8);
	struct kcoro_select sel = { .cases = t_addr(&c1), .count = 1 };
	struct caller c;

	EINTR_OF(self->ctx, KCORO_IOC_SELECT, &sel);
	RESTART_OF(&c, self->ctx, KCORO_IOC_SELECT, &sel);
	EXPECT_EQ(8, put_u64(self->in.send, 6));
	EXPECT_EQ(0, caller_join(&c));
	EXPECT_EQ(6, v);
}

TEST_F(signal, read_of_a_task)
{
	struct pair in = chan_buf(0);
	int task = spawn(self->ctx, "count", NULL, FDS(in.recv));
	struct kcoro_exit e;
	struct caller c;

	ASSERT_LE(0, task);
	EINTR_OF(task, OP_READ, &e, sizeof(e));
	RESTART_OF(&c, task, OP_READ, &e, sizeof(e));
	kcoro_close_chan(in.send);
	EXPECT_EQ(sizeof(e), caller_join(&c));
}

TEST_F(signal, read_of_a_context)
{
	struct pair in = chan_buf(0);
	struct kcoro_exit e;
	struct caller c;
	uint64_t id;

	ASSERT_EQ(0, spawn_id(self->ctx, "count", NULL, FDS(in.recv), &id));
	EINTR_OF(self->ctx, OP_READ, &e, sizeof(e));
	RESTART_OF(&c, self->ctx, OP_READ, &e, sizeof(e));
	kcoro_close_chan(in.send);
	EXPECT_EQ(sizeof(e), caller_join(&c));
	EXPECT_EQ(id, e.id);
}

/* A deadline is a moment: a restart does not move it. */
TEST_F(signal, deadline_holds_after_a_restart)
{
	uint64_t v;
	struct kcoro_iov iov = { t_addr(&v), 8, 0 };
	struct kcoro_io io = { .iov = t_addr(&iov), .count = 1 };
	struct caller c;

	io.deadline_ns = kcoro_deadline_in(1000 * 1000 * 1000);
	handle(_metadata, SA_RESTART);
	caller_start(_metadata, &c,
		     (struct op){ self->in.recv, KCORO_IOC_RECV, &io });
	while (!c.tid)
		nap();
	interrupt(&c);
	EXPECT_EQ(-ETIMEDOUT, caller_join(&c));
}

/* --- stop and continue ---------------------------------------------------------------- */

TEST_F(signal, stop_and_continue_of_a_reader)
{
	struct pair p = chan_u64(1);
	pid_t pid = fork();

	if (!pid)
		_exit(get_u64(p.recv) == 9 ? 0 : 1);
	await_sleep(pid, SYS_read);
	kill(pid, SIGSTOP);
	while (state_of(pid) != 'T')
		nap();
	/* it does not take the message while it is stopped */
	EXPECT_EQ(8, put_u64(p.send, 9));
	kill(pid, SIGCONT);
	EXPECT_EQ(0, wait_child(pid));
	EXPECT_EQ(-EAGAIN, poll_u64(p.recv));
}

TEST_F(signal, stop_and_continue_of_a_writer)
{
	uint64_t v = 7;
	pid_t pid = fork_op((struct op){ self->full.send, OP_WRITE, &v, 8 }, 8);

	await_sleep(pid, SYS_write);
	kill(pid, SIGSTOP);
	while (state_of(pid) != 'T')
		nap();
	EXPECT_EQ(1, get_u64(self->full.recv));
	kill(pid, SIGCONT);
	EXPECT_EQ(7, get_u64(self->full.recv));
	EXPECT_EQ(0, wait_child(pid));
	EXPECT_EQ(-EAGAIN, poll_u64(self->full.recv));
}

/* The messages of a process that was killed while it waited: none. */
TEST_F(signal, kill_of_a_writer_sends_nothing)
{
	uint64_t v = 7;
	pid_t pid = fork_op((struct op){ self->full.send, OP_WRITE, &v, 8 }, 8);

	await_sleep(pid, SYS_write);
	kill(pid, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, wait_child(pid));
	EXPECT_EQ(1, get_u64(self->full.recv));
	EXPECT_EQ(-EAGAIN, poll_u64(self->full.recv));
}

TEST_F(signal, kill_of_a_reader_takes_nothing)
{
	uint64_t v;
	pid_t pid = fork_op((struct op){ self->in.recv, OP_READ, &v, 8 }, 8);

	await_sleep(pid, SYS_read);
	kill(pid, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, wait_child(pid));
	v = 1;
	EXPECT_EQ(-ETIMEDOUT, kcoro_send(self->in.send, &v, 8, KCORO_NOW));
}

#define GROUP "/sys/fs/cgroup/kcoro_test"

static int frozen(void)
{
	char buf[256];

	read_text(GROUP "/cgroup.events", buf, sizeof(buf));
	return !!strstr(buf, "frozen 1");
}

TEST_F(signal, freezer)
{
	struct pair p = chan_u64(1);
	char text[32];
	pid_t pid;

	if (mkdir(GROUP, 0755) || access(GROUP "/cgroup.freeze", W_OK))
		SKIP(return, "no freezer in " GROUP);
	pid = fork();
	if (!pid)
		_exit(get_u64(p.recv) == 9 ? 0 : 1);
	snprintf(text, sizeof(text), "%d", pid);
	ASSERT_EQ(0, write_text(GROUP "/cgroup.procs", text));
	await_sleep(pid, SYS_read);
	ASSERT_EQ(0, write_text(GROUP "/cgroup.freeze", "1"));
	while (!frozen())
		nap();
	EXPECT_EQ(8, put_u64(p.send, 9));
	ASSERT_EQ(0, write_text(GROUP "/cgroup.freeze", "0"));
	EXPECT_EQ(0, wait_child(pid));
	rmdir(GROUP);
}

TEST_HARNESS_MAIN
