// SPDX-License-Identifier: MIT
/*
 * Signals become a readable descriptor: with a flag alone, one that comes just
 * before poll(2) would be slept over. Handlers do not restart system calls, so
 * that a write to a stopped terminal ends too.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

#include "interrupt.h"

static int pipe_fds[2] = { -1, -1 };
static atomic_int caught; /* lock-free: a handler may use it */

static void on_signal(int sig)
{
	int saved = errno;

	if (caught)
		_exit(128 + sig);
	caught = sig;
	/* The pipe is empty: this cannot fail, and need not be retried. */
	if (write(pipe_fds[1], "", 1) < 0)
		_exit(128 + sig);
	errno = saved;
}

void interrupt_catch(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction sa = { .sa_handler = on_signal }, old;
	size_t i;

	/* Without a pipe signals just end the process, which is right too. */
	if (pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK))
		return;
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		if (!sigaction(signals[i], NULL, &old) &&
		    old.sa_handler != SIG_IGN)
			sigaction(signals[i], &sa, NULL);
	}
}

int interrupt_fd(void)
{
	return pipe_fds[0];
}

int interrupt_signal(void)
{
	return caught;
}
