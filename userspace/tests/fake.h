/* SPDX-License-Identifier: MIT */
/*
 * What the two halves of the stand-in for the module share: the calls of the
 * device (fake_device.c) and the bodies (fake_bodies.c).
 */
#ifndef FAKE_H
#define FAKE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <linux/kcoro.h>

#define FAKE_BUF_MAX 131072
#define FAKE_FDS_MAX 8
#define FAKE_CPUS 2

struct fake_ctx;

struct fake_task {
	struct fake_ctx *ctx;
	struct fake_ctx *home; /* who has its exit: its group, or @ctx */
	struct fake_task *next;
	const struct fake_body *body;
	int fds[FAKE_FDS_MAX]; /* its own */
	unsigned int nr_fds;
	char *arg;
	uint32_t arg_len;
	int64_t deadline_ns;
	int done; /* eventfd, readable once it has ended; -1: none */
	bool no_exit;
	bool shown; /* no thread behind it */
	atomic_bool cancel;
	atomic_bool killed;
	struct kcoro_exit exit;
	struct kcoro_task_info info;
};

struct fake_body {
	const char *name;
	const char *help;
	uint32_t fds_min, fds_max;
	/* Returns 0 or a negative errno value. */
	int (*run)(struct fake_task *t);
};

extern const struct fake_body fake_bodies[];
extern const unsigned int nr_fake_bodies;

/* Word @i of a task's argument, or NULL. */
const char *fake_word(const struct fake_task *t, unsigned int i);

/* Whether the task has to end: then it returns -ECANCELED. */
bool fake_canceled(const struct fake_task *t);

/*
 * Waits until @fd is ready for @events. Returns 0 or -ECANCELED. @t may be
 * NULL: the caller's @deadline_ns counts then, and -ETIMEDOUT.
 */
int fake_wait(const struct fake_task *t, int fd, short events,
	      int64_t deadline_ns);

/*
 * One message. Returns 0 or a negative errno value. A receive gives the length
 * in *@len, and -ENODATA at end of stream; -EMSGSIZE with *@len what it needs.
 */
int fake_send(int fd, const void *msg, uint32_t len);
int fake_recv(int fd, void *msg, uint32_t *len);

/* Whether file-source and file-sink may use it. */
bool fake_takes_file(int fd);

#endif /* FAKE_H */
