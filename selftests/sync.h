/* SPDX-License-Identifier: GPL-2.0 */
/* For the tests of events, semaphores and queues: what holds for each wait. */
#ifndef KCORO_SELFTESTS_SYNC_H
#define KCORO_SELFTESTS_SYNC_H

#include "kcoro_test.h"

/* What poll(2) says without waiting. */
static inline int polls(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };

	return poll(&p, 1, 0) < 0 ? -errno : p.revents;
}

/* A child that polls until there is @event, and exits with 0 if it saw @want. */
static inline pid_t fork_poll(int fd, int event, int want)
{
	pid_t pid = fork();

	if (!pid) {
		struct pollfd p = { .fd = fd, .events = event };

		_exit(poll(&p, 1, -1) != 1 || p.revents != want);
	}
	await_sleep(pid, SYS_poll);
	return pid;
}

static inline void fdinfo(t_metadata, int fd, char *text, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	ASSERT_LT(0, read_text(path, text, size));
}

#define EXPECT_FDINFO(fd, line)                              \
	do {                                                 \
		char _text[1024];                            \
		fdinfo(_metadata, fd, _text, sizeof(_text)); \
		EXPECT_NE(NULL, strstr(_text, line "\n"))    \
		TH_LOG("it says %s", _text);                 \
	} while (0)

/* --- what holds for each wait --------------------------------------------- */

static inline void on_signal(int sig)
{
}

/* SIGUSR1 ends calls that wait. */
static inline void catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	sigaction(SIGUSR1, &sa, NULL);
}

/* Ended by a signal, and by SIGKILL; @op would wait. */
static inline void wait_is_interrupted(t_metadata, struct op op)
{
	struct caller c;
	pid_t pid;

	catch_signals();
	caller_block(_metadata, &c, op);
	pthread_kill(c.thread, SIGUSR1);
	EXPECT_EQ(-EINTR, caller_join(&c));
	pid = fork_op(op, 0);
	await_sleep(pid, op_syscall(&op));
	kill(pid, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, wait_child(pid));
}

/* A child that opens a context and makes an object: its descriptor, and in @sock
 * what, once closed, lets the child exit.
 */
static inline int made_elsewhere(t_metadata, int (*make)(int ctx), int *sock,
				 pid_t *pid)
{
	int socks[2], fd;
	char byte;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, socks));
	*pid = fork();
	if (!*pid) {
		close(socks[0]);
		pass_fd(socks[1], make(kcoro_open(0)));
		_exit(read(socks[1], &byte, 1));
	}
	close(socks[1]);
	*sock = socks[0];
	fd = take_fd(*sock);
	ASSERT_LE(0, fd);
	return fd;
}

/* A wait for it, under way, ends with its context; nobody waits any more then. */
static inline void expect_end(t_metadata, struct caller *c, int how)
{
	EXPECT_EQ(-ESHUTDOWN, caller_join(c)) TH_LOG("way %d", how);
	EXPECT_EQ(-ESHUTDOWN, op_do(&c->op)) TH_LOG("way %d", how);
	EXPECT_EQ(POLLHUP, polls(c->op.fd) & POLLHUP) TH_LOG("way %d", how);
	close(c->op.fd);
}

/* Ended by the end of the object's context, whichever way that comes. */
static inline void wait_ends_with_context(t_metadata, int (*make)(int ctx),
					  struct op op)
{
	struct caller c;
	int ctx, sock;
	pid_t pid;

	ctx = kcoro_open(0);
	op.fd = make(ctx);
	caller_block(_metadata, &c, op);
	kcoro_kill(ctx, 0, KCORO_SCOPE_CTX, KCORO_KILL_CONTEXTS);
	expect_end(_metadata, &c, 0);
	close(ctx);

	ctx = kcoro_open(0);
	op.fd = make(ctx);
	caller_block(_metadata, &c, op);
	close(ctx);
	expect_end(_metadata, &c, 1);

	op.fd = made_elsewhere(_metadata, make, &sock, &pid);
	caller_block(_metadata, &c, op);
	close(sock);
	EXPECT_EQ(0, wait_child(pid));
	expect_end(_metadata, &c, 2);
}

/* The call has the object until it ends, here with the context. */
static inline void wait_outlives_close(t_metadata, int (*make)(int ctx),
				       struct op op)
{
	int ctx = kcoro_open(0);
	struct caller c;

	op.fd = make(ctx);
	ASSERT_LE(0, op.fd);
	caller_block(_metadata, &c, op);
	close(op.fd);
	EXPECT_EQ(-EBADF, op_do(&op));
	ASSERT_EQ(1, caller_sleeps(&c));
	close(ctx);
	EXPECT_EQ(-ESHUTDOWN, caller_join(&c));
}

/* Who polls learns of the end as well. */
static inline void poll_ends_with_context(t_metadata, int (*make)(int ctx))
{
	int ctx = kcoro_open(0), fd = make(ctx);
	pid_t pid;

	ASSERT_LE(0, fd);
	pid = fork_poll(fd, POLLPRI, POLLHUP);
	kcoro_kill(ctx, 0, KCORO_SCOPE_CTX, KCORO_KILL_CONTEXTS);
	EXPECT_EQ(0, wait_child(pid));
	close(fd);
	close(ctx);
}

#endif /* KCORO_SELFTESTS_SYNC_H */
