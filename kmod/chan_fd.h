/* SPDX-License-Identifier: GPL-2.0 */
/* Descriptors of channels: see chan_fd.c. SELECT: see select_fd.c. */
#ifndef KCORO_CHAN_FD_H
#define KCORO_CHAN_FD_H

#include <linux/types.h>

struct file;
struct iov_iter;
struct kcoro_buf;
struct kcoro_call;
struct kcoro_chan;

/* Elements up to this size need no allocation. */
#define KCORO_MSG_SMALL	64

/**
 * struct kcoro_msg - a message on its way between a program and a channel
 * @chan: the channel, which the caller's file holds
 * @big: the element, if it is over KCORO_MSG_SMALL bytes
 * @buf: the message of a channel of buffers, or NULL; owned
 * @small: the element, if not
 */
struct kcoro_msg {
	struct kcoro_chan *chan;
	void *big;
	struct kcoro_buf *buf;
	u8 small[KCORO_MSG_SMALL] __aligned(8);
};

int kcoro_msg_init(struct kcoro_msg *msg, struct kcoro_chan *chan);
void kcoro_msg_free(struct kcoro_msg *msg);
void *kcoro_msg_addr(struct kcoro_msg *msg);
int kcoro_msg_fill(struct kcoro_msg *msg, struct iov_iter *from);
int kcoro_msg_check_room(const struct kcoro_msg *msg, struct iov_iter *to);
u32 kcoro_msg_len(const struct kcoro_msg *msg);
int kcoro_msg_give(struct kcoro_msg *msg, struct iov_iter *to);
void kcoro_msg_put_back(struct kcoro_msg *msg);

struct kcoro_chan *kcoro_chan_of_file(const struct file *file, u32 *ends);

struct file *kcoro_chan_file(struct kcoro_chan *chan, u32 ends, int flags);

int kcoro_ioc_chan_create(struct file *file, struct kcoro_call *call);
int kcoro_ioc_send(struct file *file, struct kcoro_call *call);
int kcoro_ioc_recv(struct file *file, struct kcoro_call *call);
int kcoro_ioc_close(struct file *file, struct kcoro_call *call);
int kcoro_ioc_select(struct file *file, struct kcoro_call *call);

#endif /* KCORO_CHAN_FD_H */
