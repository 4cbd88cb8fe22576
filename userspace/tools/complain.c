// SPDX-License-Identifier: MIT
/*
 * Error messages. Standard output is flushed first, so that on a terminal both
 * come in order.
 */
#include <stdarg.h>
#include <stdio.h>
#include <kcoro.h>

#include "command.h"
#include "complain.h"

static void vcomplain(const char *fmt, va_list args, const char *why)
{
	fflush(stdout);
	fputs("kcoro: ", stderr);
	vfprintf(stderr, fmt, args);
	if (why)
		fprintf(stderr, ": %s", why);
	fputc('\n', stderr);
}

void complain(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vcomplain(fmt, args, NULL);
	va_end(args);
}

int failed(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vcomplain(fmt, args, NULL);
	va_end(args);
	return STATUS_FAILED;
}

int failed_call(int fd, int call, int err, const char *fmt, ...)
{
	char why[384];
	va_list args;

	kcoro_explain(fd, call, err, why, sizeof(why));
	va_start(args, fmt);
	vcomplain(fmt, args, why);
	va_end(args);
	return STATUS_FAILED;
}

int usage_error(const struct command *cmd, const char *fmt, ...)
{
	va_list args;

	if (fmt) {
		va_start(args, fmt);
		vcomplain(fmt, args, NULL);
		va_end(args);
	}
	fprintf(stderr, "Try: kcoro help%s%s\n", cmd ? " " : "",
		cmd ? cmd->name : "");
	return STATUS_USAGE;
}

int open_context(void)
{
	int ctx = kcoro_open(0);

	if (ctx < 0)
		failed_call(-1, KCORO_CALL_OPEN, ctx, "cannot use kcoro");
	return ctx;
}
