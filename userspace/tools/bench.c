// SPDX-License-Identifier: MIT
/*
 * What messages cost: from this program to a task that echoes them, and back.
 *
 * One at a time shows the latency of two wake-ups and four system calls' worth
 * of moves; many at a time what a message costs when nobody has to wait.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <kcoro.h>

#include "bench.h"
#include "complain.h"
#include "json.h"
#include "text.h"

/* Messages of one system call, if the kernel and the channel allow it. */
#define BATCH 64

struct bench {
	int ctx;
	int send; /* to the task */
	int recv; /* from it */
	uint64_t rounds;
	uint32_t size;
	uint32_t capacity;
	uint32_t batch;
	char *memory; /* of @batch messages */
	uint64_t one_ns, many_ns; /* outcome */
};

/* Returns a status. */
static int set_up(struct bench *b)
{
	int to[2], from[2], fds[2], task, err;
	struct kcoro_spawn_opts opts = { .fds = fds, .nr_fds = 2 };
	struct kcoro_info info;

	err = kcoro_info(b->ctx, &info);
	if (err)
		return failed_call(b->ctx, KCORO_CALL_OTHER, err, "info");
	b->batch = BATCH;
	if (b->batch > info.batch_max)
		b->batch = info.batch_max;
	/* calloc() checks the product. */
	b->memory = calloc(b->batch, b->size);
	if (!b->memory)
		return failed("out of memory");
	err = kcoro_chan_buf(b->ctx, b->size, b->capacity, to);
	if (!err)
		err = kcoro_chan_buf(b->ctx, b->size, b->capacity, from);
	if (err)
		return failed_call(b->ctx, KCORO_CALL_CHAN, err, "channel");
	fds[0] = to[KCORO_RECV_END];
	fds[1] = from[KCORO_SEND_END];
	task = kcoro_spawn(b->ctx, "echo", &opts);
	if (task < 0)
		return failed_call(b->ctx, KCORO_CALL_SPAWN, task, "echo");
	/* So that its end, whatever the reason, ends our waits. */
	close(fds[0]);
	close(fds[1]);
	b->send = to[KCORO_SEND_END];
	b->recv = from[KCORO_RECV_END];
	return STATUS_OK;
}

static uint64_t now(void)
{
	return kcoro_deadline_in(0);
}

/* Returns 0 or a negative errno value. */
static int one_at_a_time(struct bench *b)
{
	uint64_t i, start = now();
	ssize_t n;

	for (i = 0; i < b->rounds; i++) {
		n = kcoro_send(b->send, b->memory, b->size, 0);
		if (n >= 0)
			n = kcoro_recv(b->recv, b->memory, b->size, 0);
		if (n <= 0)
			return n ? n : -EPIPE;
	}
	b->one_ns = now() - start;
	return 0;
}

static void fill(const struct bench *b, struct kcoro_iov *iov)
{
	uint32_t i;

	for (i = 0; i < b->batch; i++) {
		iov[i].addr = (uintptr_t)b->memory + (size_t)i * b->size;
		iov[i].len = b->size;
		iov[i].pad = 0;
	}
}

/* Returns 0 or a negative errno value. */
static int many_at_a_time(struct bench *b)
{
	uint64_t sent = 0, received = 0, start = now();
	struct kcoro_iov iov[BATCH];
	uint64_t batch;
	int n;

	while (received < b->rounds) {
		batch = b->rounds - sent;
		if (batch > b->batch)
			batch = b->batch;
		fill(b, iov);
		/* One has to be on its way before it is waited for. */
		n = !batch ? 0 :
			     kcoro_sendv(b->send, iov, batch,
					 sent == received ? 0 : KCORO_IO_NOWAIT,
					 sent == received ?
						 kcoro_deadline_in(1000000) :
						 0);
		if (n < 0 && n != -EAGAIN && n != -ETIMEDOUT)
			return n;
		if (n > 0)
			sent += n;
		if (sent == received)
			continue;
		fill(b, iov);
		n = kcoro_recvv(b->recv, iov, b->batch, 0, 0);
		if (n <= 0)
			return n ? n : -EPIPE;
		received += n;
	}
	b->many_ns = now() - start;
	return 0;
}

static void report(const struct bench *b)
{
	struct json j = { .file = stdout };
	uint64_t one = b->one_ns / b->rounds, many = b->many_ns / b->rounds;

	if (json_output) {
		json_open(&j, NULL, '{');
		json_u64(&j, "rounds", b->rounds);
		json_u64(&j, "bytes", b->size);
		json_u64(&j, "capacity", b->capacity);
		json_u64(&j, "batch", b->batch);
		json_u64(&j, "round_trip_ns", one);
		json_u64(&j, "batched_ns", many);
		json_close(&j, '}');
		json_end(&j);
		return;
	}
	printf("%" PRIu64 " messages of %u bytes to a task and back\n",
	       b->rounds, b->size);
	printf("one at a time    %8" PRIu64 " ns each\n", one);
	printf("up to %3u a call %8" PRIu64 " ns each\n", b->batch, many);
}

/* Returns -1 to go on, or a status. */
static int take_options(struct bench *b, const struct command *cmd, int argc,
			char **argv)
{
	static const struct option options[] = { COMMON_LONG_OPTIONS };
	int c, status = -1;
	uint64_t value;
	bool fine;

	optind = 0;
	while (status < 0 &&
	       (c = getopt_long(argc, argv, "n:s:q:h", options, NULL)) != -1) {
		fine = true;
		switch (c) {
		case 'n':
			fine = parse_u64(optarg, 1, INT64_MAX, &b->rounds);
			break;
		case 's':
			fine = parse_size(optarg, 1, INT32_MAX, &value);
			b->size = value;
			break;
		case 'q':
			fine = parse_u64(optarg, 1, UINT32_MAX, &value);
			b->capacity = value;
			break;
		default:
			status = common_option(cmd, c);
		}
		if (!fine)
			return usage_error(cmd, "-%c: '%s' is no number for it",
					   c, optarg);
	}
	if (status < 0 && optind != argc)
		return usage_error(cmd, "chan bench takes no arguments");
	return status;
}

int bench_run(const struct command *cmd, int argc, char **argv)
{
	struct bench b = { .rounds = 10000, .size = 64, .capacity = 64 };
	int status, err;

	status = take_options(&b, cmd, argc, argv);
	if (status >= 0)
		return status;
	b.ctx = open_context();
	if (b.ctx < 0)
		return STATUS_FAILED;
	status = set_up(&b);
	if (!status) {
		err = one_at_a_time(&b);
		if (!err)
			err = many_at_a_time(&b);
		if (err)
			status = failed_call(b.ctx, KCORO_CALL_SEND, err,
					     "bench");
		else
			report(&b);
	}
	free(b.memory);
	return status;
}
