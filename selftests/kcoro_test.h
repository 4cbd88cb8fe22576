/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests share.
 *
 * Calls give 0, a count, or a negative errno, as libkcoro's do. Waiting for
 * something to happen is a loop without an end: the harness's timeout is the
 * only clock, and no verdict depends on it unless something hangs.
 */
#ifndef KCORO_TEST_H
#define KCORO_TEST_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <kcoro.h>
#include <kselftest_harness.h>

#include "proc.h"

/* A hang guard: an emulated debug kernel is slow. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 100

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

/* --- calls ---------------------------------------------------------------- */

static inline int t_ioctl(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) < 0 ? -errno : 0;
}

static inline ssize_t t_read(int fd, void *buf, size_t len)
{
	ssize_t n = read(fd, buf, len);

	return n < 0 ? -errno : n;
}

static inline ssize_t t_write(int fd, const void *buf, size_t len)
{
	ssize_t n = write(fd, buf, len);

	return n < 0 ? -errno : n;
}

static inline uint64_t t_addr(const void *p)
{
	return (uintptr_t)p;
}

/* A deadline that will pass, for calls that nothing else can end. */
#define SHORTLY kcoro_deadline_in(20 * 1000 * 1000)

static inline void nap(void)
{
	usleep(2000);
}

/* --- fixture: a context --------------------------------------------------- */

#define CONTEXT_FIXTURE(name)              \
	FIXTURE(name)                      \
	{                                  \
		int ctx;                   \
	};                                 \
	FIXTURE_SETUP(name) {              \
		self->ctx = kcoro_open(0); \
		ASSERT_LE(0, self->ctx);   \
	}                                  \
	FIXTURE_TEARDOWN(name) {           \
		close(self->ctx);          \
	}

#define t_metadata struct __test_metadata *_metadata

/* --- channels -------------------------------------------------------------- */

/* A pair of ends, as kcoro.h has them. */
struct pair {
	int recv;
	int send;
};

static inline struct pair chan_of(t_metadata, int ctx, uint32_t elem_size,
				  uint32_t capacity)
{
	int fds[2] = { -1, -1 };

	int err = elem_size ? kcoro_chan(ctx, elem_size, capacity, fds) :
			      kcoro_chan_buf(ctx, 0, capacity, fds);

	ASSERT_EQ(0, err);
	return (struct pair){ fds[KCORO_RECV_END], fds[KCORO_SEND_END] };
}

/* A channel of 8-byte elements. */
#define chan_u64(capacity) chan_of(_metadata, self->ctx, 8, capacity)
/* A channel of buffers. */
#define chan_buf(capacity) chan_of(_metadata, self->ctx, 0, capacity)

static inline ssize_t put_u64(int fd, uint64_t v)
{
	return t_write(fd, &v, sizeof(v));
}

/* The element, or a negative errno; -ENODATA at end of stream. */
static inline int64_t get_u64(int fd)
{
	uint64_t v = 0;
	ssize_t n = t_read(fd, &v, sizeof(v));

	if (n < 0)
		return n;
	return n ? (int64_t)v : -ENODATA;
}

/* The same without waiting. */
static inline int64_t poll_u64(int fd)
{
	uint64_t v = 0;
	struct kcoro_iov iov = { .addr = t_addr(&v), .len = sizeof(v) };
	int n = kcoro_recvv(fd, &iov, 1, KCORO_IO_NOWAIT, 0);

	if (n < 0)
		return n;
	return n ? (int64_t)v : -ENODATA;
}

static inline ssize_t put_str(int fd, const char *s)
{
	return t_write(fd, s, strlen(s));
}

/* --- tasks ----------------------------------------------------------------- */

#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define FDS(...)                        \
	((const int[]){ __VA_ARGS__ }), \
		sizeof((int[]){ __VA_ARGS__ }) / sizeof(int)

/* A descriptor or a negative errno. */
static inline int spawn(int ctx, const char *body, const char *const *words,
			const int *fds, unsigned int nr_fds)
{
	struct kcoro_spawn_opts opts = {
		.argv = words,
		.fds = fds,
		.nr_fds = nr_fds,
	};

	return kcoro_spawn(ctx, body, &opts);
}

/* 0 or a negative errno. */
static inline int spawn_id(int ctx, const char *body, const char *const *words,
			   const int *fds, unsigned int nr_fds, uint64_t *id)
{
	struct kcoro_spawn_opts opts = {
		.argv = words,
		.fds = fds,
		.nr_fds = nr_fds,
	};

	return kcoro_spawn_id(ctx, body, &opts, id);
}

/* A raw request for one task "sleep", which a test then spoils. */
#define SLEEP_LONG "80000000"
static inline struct kcoro_spawn sleep_request(void)
{
	return (struct kcoro_spawn){
		.body = "sleep",
		.arg = t_addr(SLEEP_LONG),
		.arg_len = sizeof(SLEEP_LONG),
		.count = 1,
	};
}

/* Waits for a task's end and checks that it went well. */
static inline struct kcoro_exit join_ok(t_metadata, int task)
{
	struct kcoro_exit e = { 0 };

	ASSERT_EQ(0, kcoro_join(task, &e, 0));
	EXPECT_EQ(KCORO_EXIT_RETURNED, e.reason);
	EXPECT_EQ(0, e.error) TH_LOG("message: %s", e.message);
	return e;
}

static inline int64_t task_id(int task)
{
	struct kcoro_task_info info;
	int err = kcoro_task_info(task, &info);

	return err ? err : (int64_t)info.id;
}

/* Tasks within a scope that have not exited; all with @exited. */
static inline int count_tasks(int ctx, uint32_t scope, int exited)
{
	struct kcoro_task_info *list;
	ssize_t n = kcoro_list(ctx, scope, &list), i;
	int count = 0;

	if (n < 0)
		return n;
	for (i = 0; i < n; i++)
		count += exited || list[i].state != KCORO_TASK_EXITED;
	free(list);
	return count;
}

/* Waits until a task is parked for that reason. */
static inline void await_parked(int task, uint32_t wait)
{
	struct kcoro_task_info info;

	while (!kcoro_task_info(task, &info) &&
	       (info.state != KCORO_TASK_PARKED || info.wait != wait))
		nap();
}

/* Waits until no task of anybody lives. Needs CAP_SYS_ADMIN. */
static inline void await_no_tasks(void)
{
	int ctx;

	do {
		nap();
		ctx = kcoro_open(0);
		if (ctx >= 0 && !count_tasks(ctx, KCORO_SCOPE_ALL, 1)) {
			close(ctx);
			return;
		}
		close(ctx);
	} while (1);
}

/* Modules that use kcoro, each of which holds it. */
static inline int count_users(void)
{
	DIR *dir = opendir("/sys/module/kcoro/holders");
	struct dirent *entry;
	int n = 0;

	while (dir && (entry = readdir(dir)))
		n += entry->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return n;
}

/* Waits until there is nothing but @watch, a context with nothing in it. */
static inline void leave_nothing(int watch)
{
	while (count_tasks(watch, KCORO_SCOPE_ALL, 1))
		nap();
	close(watch);
	while (read_long("/sys/module/kcoro/refcnt") > count_users())
		nap();
}

/* --- those who wait -------------------------------------------------------- */

/* One call: read(2), write(2) or an ioctl(2). */
#define OP_READ 1UL
#define OP_WRITE 2UL

struct op {
	int fd;
	unsigned long what; /* OP_READ, OP_WRITE or an ioctl's number */
	void *arg;
	size_t len;
};

static inline long op_syscall(const struct op *op)
{
	return op->what == OP_READ  ? SYS_read :
	       op->what == OP_WRITE ? SYS_write :
				      SYS_ioctl;
}

static inline long op_do(const struct op *op)
{
	if (op->what == OP_READ)
		return t_read(op->fd, op->arg, op->len);
	if (op->what == OP_WRITE)
		return t_write(op->fd, op->arg, op->len);
	return t_ioctl(op->fd, op->what, op->arg);
}

/* A thread that makes one call. */
struct caller {
	pthread_t thread;
	struct op op;
	volatile pid_t tid;
	volatile int done;
	long ret;
};

static inline void *caller_main(void *arg)
{
	struct caller *c = arg;

	__atomic_store_n(&c->tid, (pid_t)syscall(SYS_gettid), __ATOMIC_RELEASE);
	c->ret = op_do(&c->op);
	__atomic_store_n(&c->done, 1, __ATOMIC_RELEASE);
	return NULL;
}

static inline void caller_start(t_metadata, struct caller *c, struct op op)
{
	memset(c, 0, sizeof(*c));
	c->op = op;
	ASSERT_EQ(0, pthread_create(&c->thread, NULL, caller_main, c));
}

/* Waits until its call sleeps. Returns 0 if the call ended instead. */
static inline int caller_sleeps(struct caller *c)
{
	while (!__atomic_load_n(&c->done, __ATOMIC_ACQUIRE)) {
		if (c->tid && sleeps_in(c->tid, op_syscall(&c->op)))
			return 1;
		nap();
	}
	return 0;
}

static inline long caller_join(struct caller *c)
{
	pthread_join(c->thread, NULL);
	return c->ret;
}

/* Starts it and waits until it sleeps. */
static inline void caller_block(t_metadata, struct caller *c, struct op op)
{
	caller_start(_metadata, c, op);
	ASSERT_EQ(1, caller_sleeps(c)) TH_LOG("it returned %ld", c->ret);
}

/* The same for read(2) and write(2) of an element of 8 bytes. */
#define block_read(c, fd, v) \
	caller_block(_metadata, c, (struct op){ fd, OP_READ, v, 8 })
#define block_write(c, fd, v) \
	caller_block(_metadata, c, (struct op){ fd, OP_WRITE, v, 8 })

/* --- processes ------------------------------------------------------------- */

/* Exit status of a child: 128 + N after signal N. */
static inline int wait_child(pid_t pid)
{
	int st;

	while (waitpid(pid, &st, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
}

/* A child that makes one call and exits with 0 if it gave @want. */
static inline pid_t fork_op(struct op op, long want)
{
	pid_t pid = fork();

	if (!pid)
		_exit(op_do(&op) == want ? 0 : 1);
	return pid;
}

/* Waits until a process sleeps in that system call. */
static inline void await_sleep(pid_t pid, long nr)
{
	while (!sleeps_in(pid, nr) && !waitpid(pid, NULL, WNOHANG))
		nap();
}

/* Sends a descriptor over a socket: 0 or a negative errno. */
static inline int pass_fd(int sock, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = "", byte = 'x';
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return sendmsg(sock, &msg, 0) == 1 ? 0 : -errno;
}

/* Receives one, or -1. */
static inline int take_fd(int sock)
{
	char control[CMSG_SPACE(sizeof(int))] = "", byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	int fd = -1;

	if (recvmsg(sock, &msg, MSG_CMSG_CLOEXEC) != 1 || !CMSG_FIRSTHDR(&msg))
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

/* --- numbers --------------------------------------------------------------- */

/* A seed: KCORO_SEED of the environment, or a new one. It is printed. */
static inline uint64_t test_seed(t_metadata)
{
	const char *word = getenv("KCORO_SEED");
	struct timespec now;
	uint64_t seed;

	clock_gettime(CLOCK_REALTIME, &now);
	seed = word ? strtoull(word, NULL, 0) :
		      (uint64_t)now.tv_sec * 1000003 ^ now.tv_nsec;
	TH_LOG("KCORO_SEED=%llu", (unsigned long long)seed);
	return seed * 2 + 1;
}

/* xorshift64 */
static inline uint64_t draw(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* From 0 up to, but not, @below. */
static inline uint32_t draw_below(uint64_t *state, uint32_t below)
{
	return (draw(state) >> 16) % below;
}

#endif /* KCORO_TEST_H */
