// SPDX-License-Identifier: MIT
/*
 * Starts a task in the kernel, goes on meanwhile, and awaits its end.
 *
 * A program brings no code for tasks: this one runs the body "sleep".
 */
#include <inttypes.h>
#include <stdio.h>
#include <kcoro.h>

int main(void)
{
	const char *words[] = { "100", NULL };
	struct kcoro_spawn_opts opts = { .argv = words };
	struct kcoro_exit exit;
	int ctx = kcoro_open(0), task;

	if (ctx < 0)
		return 1;
	task = kcoro_spawn(ctx, "sleep", &opts);
	if (task < 0)
		return 1;
	if (kcoro_join(task, &exit, KCORO_NOW) == 0)
		return 1;
	printf("main goes on\n");
	if (kcoro_join(task, &exit, KCORO_NO_DEADLINE) || !kcoro_exit_ok(&exit))
		return 1;
	printf("awaited %" PRId64 "\n", (int64_t)exit.result);
	return 0;
}
