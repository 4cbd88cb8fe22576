// SPDX-License-Identifier: GPL-2.0
/*
 * Ends of channels that travel in messages: to a task and back, from program to
 * program, what is refused, and who holds them on the way.
 */
#include "kcoro_test.h"

#include <sys/resource.h>

CONTEXT_FIXTURE(carry)

#define SOON kcoro_deadline_in(50000000)

static struct pair carrier_of(t_metadata, int ctx, uint32_t capacity)
{
	struct kcoro_chan_create chan = {
		.capacity = capacity,
		.flags = KCORO_CHAN_CARRIER,
	};

	ASSERT_EQ(0, kcoro_chan_create(ctx, &chan));
	return (struct pair){ .send = chan.send_fd, .recv = chan.recv_fd };
}

#define carrier(capacity) carrier_of(_metadata, self->ctx, capacity)

static ssize_t send_with(int fd, const char *text, int end)
{
	return kcoro_send_ends(fd, text, strlen(text), &end, 1,
			       KCORO_NO_DEADLINE);
}

static int open_fds(void)
{
	int fd, n = 0;

	for (fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

TEST_F(carry, a_task_answers)
{
	struct pair in = carrier(1), reply = chan_buf(1);
	int task = spawn(self->ctx, "answer", NULL, FDS(in.recv)), i;
	struct kcoro_exit e;
	char text[16] = "";

	ASSERT_LE(0, task);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(5, send_with(in.send, "hello", reply.send));
		EXPECT_EQ(5, read(reply.recv, text, sizeof(text)));
		EXPECT_STREQ("hello", text);
	}
	EXPECT_EQ(5, write(in.send, "alone", 5)) TH_LOG("nobody asks");
	close(in.send);
	e = join_ok(_metadata, task);
	EXPECT_EQ(3, e.result);
}

/* Each asks on one channel and hears on its own. */
TEST_F(carry, many_ask_one)
{
	struct pair in = carrier(0), reply[4];
	int task = spawn(self->ctx, "answer", NULL, FDS(in.recv)), i;
	char text[16], want[16];
	pid_t pid[4];

	ASSERT_LE(0, task);
	for (i = 0; i < 4; i++) {
		reply[i] = chan_buf(1);
		pid[i] = fork();
		if (!pid[i]) {
			int round;

			for (round = 0; round < 20; round++) {
				int len = sprintf(want, "%d.%d", i, round);

				if (send_with(in.send, want, reply[i].send) !=
					    len ||
				    read(reply[i].recv, text, sizeof(text)) !=
					    len ||
				    memcmp(text, want, len))
					_exit(1);
			}
			_exit(0);
		}
	}
	for (i = 0; i < 4; i++)
		EXPECT_EQ(0, wait_child(pid[i]));
}

TEST_F(carry, from_program_to_program)
{
	struct pair in = carrier(1), a = chan_u64(1), b = chan_buf(1);
	int ends[KCORO_CARRY_MAX] = { a.recv, b.send, a.send };
	unsigned int nr = KCORO_CARRY_MAX;
	uint64_t value = 0;
	char text[8];

	EXPECT_EQ(1,
		  kcoro_send_ends(in.send, "x", 1, ends, 3, KCORO_NO_DEADLINE));
	ASSERT_EQ(1, kcoro_recv_ends(in.recv, text, sizeof(text), ends, &nr,
				     KCORO_NO_DEADLINE));
	EXPECT_EQ('x', text[0]);
	ASSERT_EQ(3, nr);
	EXPECT_EQ(FD_CLOEXEC, fcntl(ends[0], F_GETFD));
	EXPECT_EQ(O_RDONLY, fcntl(ends[0], F_GETFL) & O_ACCMODE);
	EXPECT_EQ(O_WRONLY, fcntl(ends[1], F_GETFL) & O_ACCMODE);
	EXPECT_EQ(8, put_u64(ends[2], 7));
	EXPECT_EQ(8, read(ends[0], &value, 8));
	EXPECT_EQ(7, value);
	EXPECT_EQ(2, write(ends[1], "hi", 2));
	EXPECT_EQ(2, read(b.recv, text, sizeof(text)));
}

TEST_F(carry, what_travels_is_held)
{
	struct pair in = carrier(2), a = chan_u64(1);
	unsigned int nr = 1;
	uint64_t value;
	char text[8];
	int end;

	EXPECT_EQ(1, send_with(in.send, "x", a.send));
	close(a.send);
	EXPECT_EQ(-ETIMEDOUT, kcoro_recv(a.recv, &value, 8, SOON));
	EXPECT_EQ(1, kcoro_recv_ends(in.recv, text, sizeof(text), &end, &nr,
				     KCORO_NO_DEADLINE));
	EXPECT_EQ(-ETIMEDOUT, kcoro_recv(a.recv, &value, 8, SOON));
	close(end);
	EXPECT_EQ(0, kcoro_recv(a.recv, &value, 8, KCORO_NO_DEADLINE));
}

/* Who waits for an answer that cannot come any more learns it. */
TEST_F(carry, it_goes_with_the_last_receiver)
{
	struct pair in = carrier(2), a = chan_u64(1), b = chan_u64(1);
	uint64_t value;

	EXPECT_EQ(1, send_with(in.send, "x", a.send));
	EXPECT_EQ(1, send_with(in.send, "x", b.send));
	close(a.send);
	close(b.send);
	close(in.recv);
	EXPECT_EQ(0, kcoro_recv(a.recv, &value, 8, KCORO_NO_DEADLINE));
	EXPECT_EQ(0, kcoro_recv(b.recv, &value, 8, KCORO_NO_DEADLINE));
	EXPECT_EQ(-EPIPE, send_with(in.send, "x", a.recv));
}

TEST_F(carry, a_plain_read_drops_it)
{
	struct pair in = carrier(2), a = chan_u64(1);
	uint64_t value;
	char text[8];

	EXPECT_EQ(1, send_with(in.send, "x", a.send));
	close(a.send);
	EXPECT_EQ(1, read(in.recv, text, sizeof(text)));
	EXPECT_EQ(0, kcoro_recv(a.recv, &value, 8, KCORO_NO_DEADLINE));
}

TEST_F(carry, a_copy_carries_it_too)
{
	struct pair in = carrier(1), out = carrier(1), more = carrier(1);
	struct pair a = chan_u64(1);
	int task = spawn(self->ctx, "tee", NULL,
			 FDS(in.recv, out.send, more.send));
	unsigned int nr = 1;
	uint64_t value;
	int end[2], i;
	char text[8];

	ASSERT_LE(0, task);
	EXPECT_EQ(1, send_with(in.send, "x", a.send));
	close(a.send);
	EXPECT_EQ(1, kcoro_recv_ends(out.recv, text, sizeof(text), &end[0], &nr,
				     KCORO_NO_DEADLINE));
	EXPECT_EQ(1, kcoro_recv_ends(more.recv, text, sizeof(text), &end[1],
				     &nr, KCORO_NO_DEADLINE));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(8, put_u64(end[i], i));
		EXPECT_EQ(8, read(a.recv, &value, 8));
		close(end[i]);
	}
	EXPECT_EQ(0, read(a.recv, &value, 8));
}

TEST_F(carry, what_is_refused)
{
	struct pair in = carrier(1), a = chan_u64(1), plain = chan_buf(1);
	int other = kcoro_open(0), bad = 250, nul = open("/dev/null", O_RDWR);
	struct pair b = chan_of(_metadata, other, 8, 1);
	struct kcoro_chan_create elements = {
		.elem_size = 8,
		.flags = KCORO_CHAN_CARRIER,
	};
	int ends[KCORO_CARRY_MAX + 1] = {};
	unsigned int nr = 1;
	char text[8];

	EXPECT_EQ(-EINVAL, kcoro_chan_create(self->ctx, &elements));
	EXPECT_EQ(-EBADF, send_with(in.send, "x", bad));
	EXPECT_EQ(-EBADF, send_with(in.send, "x", nul));
	EXPECT_EQ(-EBADF, send_with(in.send, "x", self->ctx));
	EXPECT_EQ(-ELOOP, send_with(in.send, "x", in.recv));
	EXPECT_EQ(-EXDEV, send_with(in.send, "x", b.send));
	EXPECT_EQ(-EINVAL, send_with(plain.send, "x", a.send));
	EXPECT_EQ(-EBADF, send_with(in.recv, "x", a.send));
	EXPECT_EQ(-EMSGSIZE, send_with(in.send, "", a.send));
	EXPECT_EQ(-EINVAL, kcoro_send_ends(in.send, "x", 1, ends,
					   KCORO_CARRY_MAX + 1, KCORO_NOW));
	EXPECT_EQ(-EFAULT, kcoro_send_ends(in.send, (void *)1, 1, &a.send, 1,
					   KCORO_NOW));
	EXPECT_EQ(-EINVAL,
		  kcoro_recv_ends(plain.recv, text, 1, ends, &nr, KCORO_NOW));
	EXPECT_EQ(-EBADF,
		  kcoro_recv_ends(in.send, text, 1, ends, &nr, KCORO_NOW));
	EXPECT_EQ(-ETIMEDOUT,
		  kcoro_recv_ends(in.recv, text, 1, ends, &nr, KCORO_NOW));
	close(a.send);
	EXPECT_EQ(0, read(a.recv, text, 8)) TH_LOG("somebody holds it");
	close(in.send);
	EXPECT_EQ(0, kcoro_recv_ends(in.recv, text, 1, ends, &nr,
				     KCORO_NO_DEADLINE));
	close(other);
}

TEST_F(carry, bad_fields)
{
	static const unsigned long calls[] = { KCORO_IOC_CARRY_SEND,
					       KCORO_IOC_CARRY_RECV };
	struct pair in = carrier(1);
	char text[8] = "x";
	unsigned int i;

	for (i = 0; i < 2; i++) {
		int fd = i ? in.recv : in.send;
		struct kcoro_carry good = {
			.addr = t_addr(text),
			.len = 1,
			.deadline_ns = KCORO_NOW,
		};
		struct kcoro_carry c = good;

		c.flags = KCORO_IO_ALL;
		EXPECT_EQ(-EINVAL, t_ioctl(fd, calls[i], &c));
		c = good;
		c.pad = 1;
		EXPECT_EQ(-EINVAL, t_ioctl(fd, calls[i], &c));
		c = good;
		c.nr_fds = KCORO_CARRY_MAX + 1;
		EXPECT_EQ(-EINVAL, t_ioctl(fd, calls[i], &c));
		c = good;
		c.addr = 8;
		EXPECT_EQ(-EFAULT, t_ioctl(fd, calls[i], &c));
		c = good;
		c.deadline_ns = 0;
		c.flags = KCORO_IO_NOWAIT;
		EXPECT_EQ(0, t_ioctl(fd, calls[i], &c)) TH_LOG("a good one");
		EXPECT_EQ(-EAGAIN, t_ioctl(fd, calls[i], &c));
	}
}

/* Whatever is wrong with the receiver: the message stays, and no descriptor. */
TEST_F(carry, a_bad_receiver_loses_nothing)
{
	struct rlimit old, none;
	struct pair in = carrier(1), a = chan_u64(1);
	unsigned int nr = 0;
	int end[2] = { a.send, a.recv }, before;
	char text[8];

	EXPECT_EQ(2,
		  kcoro_send_ends(in.send, "xy", 2, end, 2, KCORO_NO_DEADLINE));
	before = open_fds();
	EXPECT_EQ(-EMSGSIZE, kcoro_recv_ends(in.recv, text, sizeof(text), end,
					     &nr, KCORO_NO_DEADLINE));
	nr = 1;
	EXPECT_EQ(-EMSGSIZE, kcoro_recv_ends(in.recv, text, sizeof(text), end,
					     &nr, KCORO_NO_DEADLINE));
	nr = 2;
	EXPECT_EQ(-EMSGSIZE, kcoro_recv_ends(in.recv, text, 1, end, &nr,
					     KCORO_NO_DEADLINE));
	EXPECT_EQ(-EFAULT, kcoro_recv_ends(in.recv, (void *)1, 8, end, &nr,
					   KCORO_NO_DEADLINE));
	getrlimit(RLIMIT_NOFILE, &old);
	none = old;
	none.rlim_cur = dup(0); /* the next one is the last */
	close(none.rlim_cur);
	none.rlim_cur++;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &none));
	EXPECT_EQ(-EMFILE, kcoro_recv_ends(in.recv, text, sizeof(text), end,
					   &nr, KCORO_NO_DEADLINE));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &old));
	EXPECT_EQ(before, open_fds());
	EXPECT_EQ(2, kcoro_recv_ends(in.recv, text, sizeof(text), end, &nr,
				     KCORO_NO_DEADLINE));
	EXPECT_EQ(2, nr);
}

/* With ends in flight, in both directions. */
TEST_F(carry, who_is_killed_leaves_nothing)
{
	int i;

	for (i = 0; i < 10; i++) {
		pid_t pid = fork();

		if (!pid) {
			int ctx = kcoro_open(0);
			struct pair in = carrier_of(_metadata, ctx, 4);
			struct pair back = carrier_of(_metadata, ctx, 4);
			struct pair a = chan_of(_metadata, ctx, 8, 1);

			spawn(ctx, "answer", NULL, FDS(back.recv));
			send_with(in.send, "x", a.send);
			send_with(in.send, "x", a.recv);
			send_with(back.send, "x", a.send);
			raise(SIGKILL);
		}
		EXPECT_EQ(128 + SIGKILL, wait_child(pid));
	}
	close(self->ctx);
	leave_nothing(kcoro_open(0));
	self->ctx = kcoro_open(0);
}

TEST_HARNESS_MAIN
