// SPDX-License-Identifier: MIT
/*
 * Bodies of the stand-in for the module: enough of each to test the command.
 * "broken" is for the tests: it passes two messages on, then fails. The last,
 * "unloaded", is as if it came from a module: listed once a SPAWN named it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <poll.h>

#include "fake.h"

const char *fake_word(const struct fake_task *t, unsigned int i)
{
	const char *p = t->arg, *end = t->arg + t->arg_len;

	for (; p < end; p += strlen(p) + 1) {
		if (!i--)
			return p;
	}
	return NULL;
}

static int send_one(struct fake_task *t, int fd, const void *msg, uint32_t len)
{
	int err = fake_wait(t, fd, POLLOUT, 0);

	return err ? err : fake_send(fd, msg, len);
}

/* Returns 0, -ENODATA at end of stream, or another negative errno value. */
static int recv_one(struct fake_task *t, int fd, void *msg, uint32_t *len)
{
	int err = fake_wait(t, fd, POLLIN, 0);

	*len = FAKE_BUF_MAX;
	return err ? err : fake_recv(fd, msg, len);
}

static int run_source(struct fake_task *t)
{
	const char *word = fake_word(t, 0);
	size_t size = word && !strcmp(word, "-b") ? atoi(fake_word(t, 1)) :
						    65536;
	static __thread char buf[65536];
	ssize_t n;
	int err;

	for (;;) {
		err = fake_wait(t, t->fds[0], POLLIN, 0);
		if (err)
			return err;
		n = read(t->fds[0], buf, size);
		if (n <= 0)
			return n ? -errno : 0;
		err = send_one(t, t->fds[1], buf, n);
		if (err)
			return err;
	}
}

static int write_all(struct fake_task *t, int fd, const char *p, size_t len)
{
	ssize_t n;
	int err;

	while (len) {
		err = fake_wait(t, fd, POLLOUT, 0);
		if (err)
			return err;
		n = write(fd, p, len < 4096 ? len : 4096);
		if (n < 0)
			return -errno;
		p += n;
		len -= n;
	}
	return 0;
}

static int run_sink(struct fake_task *t)
{
	static __thread char buf[FAKE_BUF_MAX];
	uint32_t len;
	int err;

	for (;;) {
		err = recv_one(t, t->fds[0], buf, &len);
		if (err)
			return err;
		err = write_all(t, t->fds[1], buf, len);
		if (err)
			return err;
	}
}

static int run_lines(struct fake_task *t)
{
	static __thread char buf[FAKE_BUF_MAX], line[FAKE_BUF_MAX];
	uint32_t len, i, used = 0;
	int err;

	while (!(err = recv_one(t, t->fds[0], buf, &len))) {
		for (i = 0; i < len; i++) {
			line[used++] = buf[i];
			if (buf[i] != '\n')
				continue;
			err = send_one(t, t->fds[1], line, used);
			if (err)
				return err;
			used = 0;
		}
	}
	if (err == -ENODATA && used)
		return send_one(t, t->fds[1], line, used);
	return err;
}

/* match, echo and broken: pass messages on. */
static int pass(struct fake_task *t, const char *want, int64_t limit)
{
	static __thread char buf[FAKE_BUF_MAX];
	uint32_t len;
	int err;

	while (!(err = recv_one(t, t->fds[0], buf, &len))) {
		if (want && !memmem(buf, len, want, strlen(want)))
			continue;
		if (limit-- == 0) {
			snprintf(t->exit.message, sizeof(t->exit.message),
				 "broken on purpose");
			return -EIO;
		}
		err = send_one(t, t->fds[1], buf, len);
		if (err)
			return err;
	}
	return err;
}

static int run_match(struct fake_task *t)
{
	return pass(t, fake_word(t, 0), -1);
}

static int run_echo(struct fake_task *t)
{
	return pass(t, NULL, -1);
}

static int run_broken(struct fake_task *t)
{
	return pass(t, NULL, 2);
}

static int run_count(struct fake_task *t)
{
	static __thread char buf[FAKE_BUF_MAX];
	uint64_t counts[2] = { 0, 0 };
	uint32_t len;
	int err;

	while (!(err = recv_one(t, t->fds[0], buf, &len))) {
		counts[0]++;
		counts[1] += len;
	}
	t->exit.result = counts[0];
	t->exit.data_len = sizeof(counts);
	memcpy(t->exit.data, counts, sizeof(counts));
	return err;
}

static int run_sleep(struct fake_task *t)
{
	int ms = atoi(fake_word(t, 0));

	for (; ms > 0 && !fake_canceled(t); ms -= 10)
		poll(NULL, 0, ms < 10 ? ms : 10);
	return fake_canceled(t) ? -ECANCELED : 0;
}

static int run_sieve(struct fake_task *t)
{
	int n = atoi(fake_word(t, 0)), p = 1, d;

	while (n) {
		for (d = 2, p++; d < p && p % d; d++)
			;
		n -= d == p;
	}
	t->exit.result = p;
	return 0;
}

const struct fake_body fake_bodies[] = {
	{ "broken", "passes two messages on and fails", 2, 2, run_broken },
	{ "count", "counts messages", 1, 3, run_count },
	{ "echo", "passes messages on", 2, 2, run_echo },
	{ "file-sink", "writes messages to a file", 2, 2, run_sink },
	{ "file-source", "reads a file", 2, 2, run_source },
	{ "lines", "cuts buffers into lines", 2, 2, run_lines },
	{ "match", "passes messages on that contain a string", 2, 2,
	  run_match },
	{ "sieve", "finds a prime", 0, 1, run_sieve },
	{ "sleep", "sleeps", 0, 0, run_sleep },
	{ "tee", "passes messages on to several", 3, 8, run_echo },
	{ "unloaded", "is in a module", 2, 2, run_echo },
};

const unsigned int nr_fake_bodies =
	sizeof(fake_bodies) / sizeof(fake_bodies[0]);
