/* SPDX-License-Identifier: MIT */
/*
 * Error messages: "kcoro: what: why and what to do" on standard error.
 */
#ifndef COMPLAIN_H
#define COMPLAIN_H

struct command;

__attribute__((format(printf, 1, 2))) void complain(const char *fmt, ...);

/* Complains. Returns STATUS_FAILED. */
__attribute__((format(printf, 1, 2))) int failed(const char *fmt, ...);

/*
 * Complains about a call of libkcoro that failed with @err: what was tried is
 * @fmt, why it failed follows. @fd, @call: as for kcoro_explain().
 * Returns STATUS_FAILED.
 */
__attribute__((format(printf, 4, 5))) int failed_call(int fd, int call, int err,
						      const char *fmt, ...);

/*
 * Complains about the command line: @fmt, or nothing if it is NULL, and where
 * help is. @cmd may be NULL. Returns STATUS_USAGE.
 */
__attribute__((format(printf, 2, 3))) int usage_error(const struct command *cmd,
						      const char *fmt, ...);

/* Opens a context. Complains and returns a negative number if it cannot. */
int open_context(void);

#endif /* COMPLAIN_H */
