// SPDX-License-Identifier: GPL-2.0
/*
 * The bodies that pass messages on: echo, tee, merge, count on request, sieve,
 * and files as sources and sinks.
 */
#include <pty.h>

#include "kcoro_test.h"

CONTEXT_FIXTURE(stream)

TEST_F(stream, echo_of_buffers)
{
	struct pair in = chan_buf(1), out = chan_buf(1);
	int task = spawn(self->ctx, "echo", NULL, FDS(in.recv, out.send));
	char got[8] = "";

	ASSERT_LE(0, task);
	put_str(in.send, "hello");
	EXPECT_EQ(5, t_read(out.recv, got, sizeof(got)));
	EXPECT_STREQ("hello", got);
	close(in.send);
	EXPECT_EQ(1, join_ok(_metadata, task).result);
}

/* A chain of 200 tasks, unbuffered. */
TEST_F(stream, echo_two_hundred_times)
{
	struct pair first = chan_u64(0), p = first, next;
	int i;

	for (i = 0; i < 200; i++) {
		int task;

		next = chan_u64(0);
		task = spawn(self->ctx, "echo", NULL, FDS(p.recv, next.send));
		ASSERT_LE(0, task);
		close(task);
		close(p.recv);
		close(next.send);
		p = next;
	}
	for (i = 0; i < 20; i++) {
		EXPECT_EQ(8, put_u64(first.send, i));
		EXPECT_EQ(i, get_u64(p.recv));
	}
	close(first.send);
	EXPECT_EQ(-ENODATA, get_u64(p.recv));
}

TEST_F(stream, tee_gives_each_all)
{
	struct pair in = chan_buf(4), out[3];
	char msg[16], got[16];
	int task, i, n;

	for (i = 0; i < 3; i++)
		out[i] = chan_buf(16);
	task = spawn(self->ctx, "tee", NULL,
		     FDS(in.recv, out[0].send, out[1].send, out[2].send));
	ASSERT_LE(0, task);
	for (n = 0; n < 10; n++) {
		snprintf(msg, sizeof(msg), "message %d", n);
		put_str(in.send, msg);
	}
	close(in.send);
	EXPECT_EQ(10, join_ok(_metadata, task).result);
	for (i = 0; i < 3; i++)
		close(out[i].send);
	for (i = 0; i < 3; i++) {
		for (n = 0; n < 10; n++) {
			memset(got, 0, sizeof(got));
			snprintf(msg, sizeof(msg), "message %d", n);
			EXPECT_EQ(9, t_read(out[i].recv, got, sizeof(got)));
			EXPECT_STREQ(msg, got);
		}
		EXPECT_EQ(0, t_read(out[i].recv, got, sizeof(got)));
	}
}

/* One reader that goes does not end the others; the last one does. */
TEST_F(stream, tee_goes_on_without_a_reader)
{
	struct pair in = chan_buf(4), a = chan_buf(4), b = chan_buf(4);
	int task = spawn(self->ctx, "tee", NULL, FDS(in.recv, a.send, b.send));
	struct kcoro_exit e;
	char got[8];

	ASSERT_LE(0, task);
	close(a.send);
	close(a.recv);
	close(b.send);
	put_str(in.send, "one");
	put_str(in.send, "two");
	EXPECT_EQ(3, t_read(b.recv, got, sizeof(got)));
	EXPECT_EQ(3, t_read(b.recv, got, sizeof(got)));
	close(b.recv);
	put_str(in.send, "three");
	ASSERT_EQ(0, kcoro_join(task, &e, 0));
	EXPECT_EQ(-EPIPE, e.error);
}

/* Each message once, and those of one input in order. */
TEST_F(stream, merge_of_many)
{
	enum { INPUTS = 10, EACH = 100 };
	struct pair in[INPUTS], out = chan_buf(4);
	int next[INPUTS] = { 0 }, fds[INPUTS + 1], i, n;
	struct kcoro_spawn_opts opts = { .fds = fds, .nr_fds = INPUTS + 1 };
	int task, from, number;
	char msg[32];

	for (i = 0; i < INPUTS; i++) {
		in[i] = chan_buf(EACH);
		fds[i] = in[i].recv;
	}
	fds[INPUTS] = out.send;
	task = kcoro_spawn(self->ctx, "merge", &opts);
	ASSERT_LE(0, task);
	close(out.send);
	for (n = 0; n < EACH; n++)
		for (i = 0; i < INPUTS; i++) {
			snprintf(msg, sizeof(msg), "%d %d", i, n);
			put_str(in[i].send, msg);
		}
	for (i = 0; i < INPUTS; i++)
		close(in[i].send);
	for (n = 0; n < INPUTS * EACH; n++) {
		memset(msg, 0, sizeof(msg));
		ASSERT_LT(0, t_read(out.recv, msg, sizeof(msg)));
		ASSERT_EQ(2, sscanf(msg, "%d %d", &from, &number));
		ASSERT_EQ(next[from]++, number);
	}
	EXPECT_EQ(0, t_read(out.recv, msg, sizeof(msg)));
	join_ok(_metadata, task);
}

/* --- count on request ----------------------------------------------------------------- */

TEST_F(stream, count_answers)
{
	struct pair in = chan_buf(4), ask = chan_u64(0), reply;
	uint64_t got[2];
	int task;

	reply = chan_of(_metadata, self->ctx, 16, 0);
	task = spawn(self->ctx, "count", NULL,
		     FDS(in.recv, ask.recv, reply.send));
	ASSERT_LE(0, task);
	put_u64(ask.send, 0);
	EXPECT_EQ(16, t_read(reply.recv, got, 16));
	EXPECT_EQ(0, got[0]);
	put_str(in.send, "12345");
	put_str(in.send, "678");
	/* until it has taken both */
	do {
		put_u64(ask.send, 0);
		EXPECT_EQ(16, t_read(reply.recv, got, 16));
		ASSERT_GE(2, got[0]);
	} while (got[0] < 2);
	EXPECT_EQ(8, got[1]);
	close(in.send);
	EXPECT_EQ(2, join_ok(_metadata, task).result);
}

/* An answer that waits to be taken grows with what comes meanwhile. */
TEST_F(stream, count_answers_with_what_is_so_when_it_is_taken)
{
	static const uint32_t sizes[] = { 16, 0 };
	struct pair in, ask, reply;
	uint64_t got[2];
	size_t i;
	int task;

	for (i = 0; i < ROWS(sizes); i++) {
		in = chan_buf(0);
		ask = chan_u64(0);
		reply = chan_of(_metadata, self->ctx, sizes[i], 0);
		task = spawn(self->ctx, "count", NULL,
			     FDS(in.recv, ask.recv, reply.send));
		ASSERT_LE(0, task);
		put_u64(ask.send, 0);
		put_str(in.send, "123");
		EXPECT_EQ(16, t_read(reply.recv, got, 16));
		EXPECT_EQ(1, got[0]);
		EXPECT_EQ(3, got[1]);
		close(in.send);
		join_ok(_metadata, task);
	}
}

TEST_F(stream, count_without_a_reply)
{
	struct pair in = chan_buf(4), ask = chan_u64(0);

	EXPECT_EQ(-EINVAL,
		  spawn(self->ctx, "count", NULL, FDS(in.recv, ask.recv)));
}

/* --- sieve --------------------------------------------------------------------------------- */

static uint64_t nth_prime(int n)
{
	uint64_t p = 1, d;

	while (n) {
		for (d = 2, p++; d < p && p % d; d++)
			;
		n -= d == p;
	}
	return p;
}

TEST_F(stream, sieve_finds_the_nth_prime)
{
	static const int n[] = { 1, 2, 10, 100, 300 };
	char word[16];
	size_t i;

	for (i = 0; i < ROWS(n); i++) {
		struct kcoro_exit e;
		int task;

		snprintf(word, sizeof(word), "%d", n[i]);
		task = spawn(self->ctx, "sieve", WORDS(word), NULL, 0);
		ASSERT_LE(0, task);
		e = join_ok(_metadata, task);
		EXPECT_EQ(nth_prime(n[i]), e.result);
	}
}

TEST_F(stream, sieve_sends_all_primes)
{
	struct pair out = chan_u64(4);
	int i;

	ASSERT_LE(0, spawn(self->ctx, "sieve", WORDS("50"), FDS(out.send)));
	close(out.send);
	for (i = 1; i <= 50; i++)
		EXPECT_EQ(nth_prime(i), get_u64(out.recv));
	EXPECT_EQ(-ENODATA, get_u64(out.recv));
}

/* --- files ---------------------------------------------------------------------------------- */

static void write_random(t_metadata, int fd, char *data, size_t len)
{
	uint64_t seed = test_seed(_metadata);
	size_t i;

	for (i = 0; i < len; i++)
		data[i] = draw(&seed);
	ASSERT_EQ(len, write(fd, data, len));
	ASSERT_EQ(0, lseek(fd, 0, SEEK_SET));
}

TEST_F(stream, file_to_file)
{
	int from = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	int to = open("/tmp", O_TMPFILE | O_RDWR, 0600), a, b;
	struct pair p = chan_buf(4);
	size_t len = 300001;
	char *data = malloc(len), *got = calloc(1, len);

	write_random(_metadata, from, data, len);
	a = spawn(self->ctx, "file-source", WORDS("-b", "5000"),
		  FDS(from, p.send));
	b = spawn(self->ctx, "file-sink", NULL, FDS(p.recv, to));
	close(p.send);
	EXPECT_EQ(len, join_ok(_metadata, a).result);
	EXPECT_EQ(len, join_ok(_metadata, b).result);
	EXPECT_EQ(len, pread(to, got, len, 0));
	EXPECT_EQ(0, memcmp(data, got, len));
}

/* The file's position moves on, as with read(2): two sources share it. */
TEST_F(stream, source_starts_at_the_position)
{
	int from = open("/tmp", O_TMPFILE | O_RDWR, 0600), task;
	struct pair p = chan_buf(4);
	char data[1000], got[1000];

	write_random(_metadata, from, data, sizeof(data));
	ASSERT_EQ(600, lseek(from, 600, SEEK_SET));
	task = spawn(self->ctx, "file-source", NULL, FDS(from, p.send));
	ASSERT_LE(0, task);
	EXPECT_EQ(400, t_read(p.recv, got, sizeof(got)));
	EXPECT_EQ(0, memcmp(data + 600, got, 400));
	EXPECT_EQ(400, join_ok(_metadata, task).result);
	EXPECT_EQ(1000, lseek(from, 0, SEEK_CUR));
}

/* More than a pipe holds: the sink waits for its reader. */
TEST_F(stream, sink_to_a_pipe)
{
	struct pair p = chan_buf(2);
	size_t len = 100000, done = 0;
	char *data = malloc(len), *got = malloc(3 * len);
	int fds[2], task, i;
	struct caller c;

	memset(data, 'p', len);
	ASSERT_EQ(0, pipe(fds));
	task = spawn(self->ctx, "file-sink", NULL, FDS(p.recv, fds[1]));
	ASSERT_LE(0, task);
	close(fds[1]);
	close(p.recv);
	for (i = 0; i < 2; i++)
		EXPECT_EQ(len, t_write(p.send, data, len));
	caller_start(_metadata, &c, (struct op){ p.send, OP_WRITE, data, len });
	await_parked(task, KCORO_WAIT_POLL);
	while (done < 3 * len) {
		ssize_t n = read(fds[0], got + done, 3 * len - done);

		ASSERT_LT(0, n);
		done += n;
	}
	EXPECT_EQ(len, caller_join(&c));
	close(p.send);
	EXPECT_EQ(3 * len, join_ok(_metadata, task).result);
	EXPECT_EQ(0, read(fds[0], got, 1));
	EXPECT_EQ(0, memcmp(data, got + 2 * len, len));
}

TEST_F(stream, sink_to_a_pipe_without_reader_is_epipe)
{
	struct pair p = chan_buf(2);
	struct kcoro_exit e;
	int fds[2], task;

	ASSERT_EQ(0, pipe(fds));
	task = spawn(self->ctx, "file-sink", NULL, FDS(p.recv, fds[1]));
	ASSERT_LE(0, task);
	close(fds[0]);
	put_str(p.send, "x");
	ASSERT_EQ(0, kcoro_join(task, &e, 0));
	EXPECT_EQ(-EPIPE, e.error);
}

/* --- a source that waits: bytes, end of file, cancel ------------------------------------------ */

static void source_of(t_metadata, int ctx, int fd, int peer)
{
	struct pair p = chan_of(_metadata, ctx, 0, 2);
	int task = spawn(ctx, "file-source", NULL, FDS(fd, p.send));
	char got[16] = "";
	struct kcoro_exit e;

	ASSERT_LE(0, task);
	await_parked(task, KCORO_WAIT_POLL);
	ASSERT_EQ(6, write(peer, "bytes\n", 6));
	EXPECT_EQ(6, t_read(p.recv, got, sizeof(got)));
	EXPECT_STREQ("bytes\n", got);
	await_parked(task, KCORO_WAIT_POLL);
	EXPECT_EQ(1, kcoro_kill(ctx, task_id(task), KCORO_SCOPE_CTX, 0));
	ASSERT_EQ(0, kcoro_join(task, &e, 0));
	EXPECT_EQ(KCORO_EXIT_KILLED, e.reason);
	EXPECT_EQ(-ECANCELED, e.error);
	/* what comes later is not lost: the file is still ours */
	ASSERT_EQ(4, write(peer, "old\n", 4));
	EXPECT_EQ(4, read(fd, got, sizeof(got)));
}

TEST_F(stream, source_of_a_pipe)
{
	int p[2];

	ASSERT_EQ(0, pipe(p));
	source_of(_metadata, self->ctx, p[0], p[1]);
}

TEST_F(stream, source_of_a_socket)
{
	int s[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	source_of(_metadata, self->ctx, s[0], s[1]);
}

TEST_F(stream, source_of_a_pty)
{
	int master, slave;

	ASSERT_EQ(0, openpty(&master, &slave, NULL, NULL, NULL));
	source_of(_metadata, self->ctx, slave, master);
}

TEST_F(stream, source_ends_with_the_pipe)
{
	struct pair p = chan_buf(2);
	int fds[2], task;

	ASSERT_EQ(0, pipe(fds));
	task = spawn(self->ctx, "file-source", NULL, FDS(fds[0], p.send));
	await_parked(task, KCORO_WAIT_POLL);
	close(fds[1]);
	join_ok(_metadata, task);
	close(p.send);
	EXPECT_EQ(-ENODATA, get_u64(p.recv));
}

TEST_HARNESS_MAIN
