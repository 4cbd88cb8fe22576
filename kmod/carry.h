/* SPDX-License-Identifier: GPL-2.0 */
/* Ends of channels that travel in messages: see carry.c; of programs: carry_fd.c. */
#ifndef KCORO_CARRY_H
#define KCORO_CARRY_H

#include <linux/kcoro.h>

struct file;
struct kcoro_call;

/**
 * struct kcoro_carried - the ends that a message carries
 * @nr: entries of @end
 * @end: channels, of which these ends are held
 */
struct kcoro_carried {
	u32 nr;
	struct {
		struct kcoro_chan *chan;
		u32 ends;
	} end[KCORO_CARRY_MAX];
};

void kcoro_carry_free(struct kcoro_carried *carried);
int kcoro_carry_check(const struct kcoro_chan *chan, const struct kcoro_buf *buf);

/* carry_fd.c */
int kcoro_ioc_carry_send(struct file *file, struct kcoro_call *call);
int kcoro_ioc_carry_recv(struct file *file, struct kcoro_call *call);

#endif /* KCORO_CARRY_H */
