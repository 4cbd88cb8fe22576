// SPDX-License-Identifier: GPL-2.0
/*
 * Round trips of a program: to an echo task and back over two channels, and to
 * a thread of its own and back over two pipes, on one CPU. Prints, for each,
 * its name and the nanoseconds of one round trip in each of RUNS runs.
 */
#define _GNU_SOURCE
#include <kcoro.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 20000
#define RUNS_MAX 16

static void fail(const char *what)
{
	fprintf(stderr, "roundtrip: %s failed\n", what);
	exit(1);
}

static long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000L + ts.tv_nsec;
}

/* Send and receive ROUNDS times: ns for one round trip. */
static long bounce(int out, int in)
{
	long start = now_ns();
	unsigned long value = 0;
	int i;

	for (i = 0; i < ROUNDS; i++)
		if (write(out, &value, sizeof(value)) != sizeof(value) ||
		    read(in, &value, sizeof(value)) != sizeof(value))
			fail("a round trip");
	return (now_ns() - start) / ROUNDS;
}

static long bounce_task(void)
{
	int ctx = kcoro_open(0), to[2], from[2];
	long ns;

	if (ctx < 0 || kcoro_chan(ctx, sizeof(long), 1, to) ||
	    kcoro_chan(ctx, sizeof(long), 1, from))
		fail("making channels");
	int ends[] = { to[KCORO_RECV_END], from[KCORO_SEND_END] };
	struct kcoro_spawn_opts opts = { .fds = ends, .nr_fds = 2 };
	int task = kcoro_spawn(ctx, "echo", &opts);

	if (task < 0)
		fail("spawning echo");
	ns = bounce(to[KCORO_SEND_END], from[KCORO_RECV_END]);
	close(task);
	close(to[0]);
	close(to[1]);
	close(from[0]);
	close(from[1]);
	close(ctx);
	return ns;
}

struct pipes {
	int to[2];
	int from[2];
};

static void *echo_thread(void *data)
{
	struct pipes *pipes = data;
	unsigned long value;

	while (read(pipes->to[0], &value, sizeof(value)) == sizeof(value))
		if (write(pipes->from[1], &value, sizeof(value)) < 0)
			break;
	return NULL;
}

static long bounce_pipe(void)
{
	struct pipes pipes;
	pthread_t thread;
	long ns;

	if (pipe(pipes.to) || pipe(pipes.from) ||
	    pthread_create(&thread, NULL, echo_thread, &pipes))
		fail("making pipes");
	ns = bounce(pipes.to[1], pipes.from[0]);
	close(pipes.to[1]);
	pthread_join(thread, NULL);
	close(pipes.to[0]);
	close(pipes.from[0]);
	close(pipes.from[1]);
	return ns;
}

static void print(const char *name, const long *ns, int runs)
{
	int i;

	printf("%s", name);
	for (i = 0; i < runs; i++)
		printf(" %ld", ns[i]);
	printf("\n");
}

int main(int argc, char **argv)
{
	int runs = argc > 1 ? atoi(argv[1]) : 5, i;
	long task[RUNS_MAX], pipe_ns[RUNS_MAX];
	cpu_set_t cpu;

	if (runs < 1 || runs > RUNS_MAX) {
		fprintf(stderr, "usage: roundtrip [RUNS]: 1 to %d\n", RUNS_MAX);
		return 64;
	}
	CPU_ZERO(&cpu);
	CPU_SET(0, &cpu);
	if (sched_setaffinity(0, sizeof(cpu), &cpu))
		fail("sched_setaffinity");
	for (i = 0; i < runs; i++) {
		task[i] = bounce_task();
		pipe_ns[i] = bounce_pipe();
	}
	print("user_task", task, runs);
	print("user_pipe", pipe_ns, runs);
	return 0;
}
