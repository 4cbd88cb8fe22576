// SPDX-License-Identifier: MIT
/* Sends a message to a task in the kernel and prints the answer. */
#include <stdio.h>
#include <kcoro.h>

int main(void)
{
	int ctx = kcoro_open(0), to[2], from[2];
	char answer[64];

	if (ctx < 0 || kcoro_chan_buf(ctx, 0, 1, to) ||
	    kcoro_chan_buf(ctx, 0, 1, from))
		return 1;
	int ends[] = { to[KCORO_RECV_END], from[KCORO_SEND_END] };
	struct kcoro_spawn_opts opts = { .fds = ends, .nr_fds = 2 };

	if (kcoro_spawn(ctx, "echo", &opts) < 0 ||
	    kcoro_send(to[KCORO_SEND_END], "hello", 5, 0) < 0)
		return 1;
	ssize_t n = kcoro_recv(from[KCORO_RECV_END], answer, 64, 0);

	printf("%.*s\n", (int)n, answer);
	return n != 5;
}
