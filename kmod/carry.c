// SPDX-License-Identifier: GPL-2.0
/*
 * Ends of channels that travel in messages: Go's reply channel.
 *
 * Model: a CARRIER is a channel of buffers whose messages may bring ends of other
 * channels along. Who sends gives the buffer what it holds; who receives takes it. In
 * between the buffer is the holder: an end counts as held as long as its message is in
 * the queue, and is dropped with it. As the last receiver of a carrier goes, the
 * messages in it go: who waits for an answer to one learns that none will come.
 *
 *	request = kcoro_buf_alloc(...);
 *	err = kcoro_buf_carry(request, reply, KCORO_SEND, GFP_KERNEL);
 *	err = kcoro_send_buf(server, request, KCORO_FOREVER);
 *	err = kcoro_recv(reply, &answer, KCORO_FOREVER);
 *
 * Invariants: a carrier's own ends are never carried, and a message travels through
 * channels of one context (or, all of them, of kernel code): so no channel comes to
 * hold itself, directly or in a circle, and to free one frees others one deep.
 *
 * Locks: none; a buffer has one owner.
 *
 * Rejected: carriers in carriers, as Go has them. Circles would keep themselves
 * alive, and finding those is what made sockets that carry sockets a source of bugs
 * for twenty years (net/unix/garbage.c). A server that hands out servers does so by
 * the name of something. Also rejected: files of any kind (a channel would be held
 * by whatever a file can be).
 */
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "carry.h"
#include "chan.h"

/**
 * kcoro_carry_free() - drop ends that were carried
 * @carried: or NULL
 *
 * Context: process.
 */
void kcoro_carry_free(struct kcoro_carried *carried)
{
	u32 i;

	if (!carried)
		return;
	for (i = 0; i < carried->nr; i++)
		kcoro_chan_drop(carried->end[i].chan, carried->end[i].ends);
	kfree(carried);
}

/**
 * kcoro_carry_check() - may a buffer with ends be sent?
 * @chan: where
 * @buf: carries some
 *
 * Context: any.
 * Return: 0. -EINVAL: @chan is no carrier. -EXDEV: an end is of another context.
 */
int kcoro_carry_check(const struct kcoro_chan *chan, const struct kcoro_buf *buf)
{
	const struct kcoro_carried *carried = buf->carried;
	u32 i;

	if (!chan->carrier)
		return -EINVAL;
	for (i = 0; i < carried->nr; i++)
		if (carried->end[i].chan->ctx != chan->ctx)
			return -EXDEV;
	return 0;
}

/**
 * kcoro_buf_carry() - have a buffer carry ends of a channel
 * @buf: the caller's
 * @chan: the channel
 * @ends: KCORO_SEND, KCORO_RECV or both, which the caller holds; if this succeeds
 *	the buffer does, in its place
 * @gfp: for the memory that it takes
 *
 * Context: as @gfp says.
 * Return: 0. -EINVAL: no ends. -ELOOP: @chan is a carrier itself. -E2BIG: it carries
 * KCORO_CARRY_MAX already. -ENOMEM.
 */
int kcoro_buf_carry(struct kcoro_buf *buf, struct kcoro_chan *chan, u32 ends,
		    gfp_t gfp)
{
	struct kcoro_carried *carried = buf->carried;

	if (!ends || ends & ~(KCORO_SEND | KCORO_RECV))
		return -EINVAL;
	if (chan->carrier)
		return -ELOOP;
	if (!carried) {
		carried = kmalloc(sizeof(*carried), gfp);
		if (!carried)
			return -ENOMEM;
		carried->nr = 0;
		buf->carried = carried;
	}
	if (carried->nr == KCORO_CARRY_MAX)
		return -E2BIG;
	carried->end[carried->nr].chan = chan;
	carried->end[carried->nr++].ends = ends;
	return 0;
}
EXPORT_SYMBOL_GPL(kcoro_buf_carry);

/**
 * kcoro_buf_take_ends() - take ends out of a buffer
 * @buf: the caller's
 * @ends: gets which ends of the channel it is; they are held by the caller then
 *
 * Context: any.
 * Return: the channel, those that were put in first come first; NULL: none is left.
 */
struct kcoro_chan *kcoro_buf_take_ends(struct kcoro_buf *buf, u32 *ends)
{
	struct kcoro_carried *carried = buf->carried;
	struct kcoro_chan *chan;

	if (!carried)
		return NULL;
	chan = carried->end[0].chan;
	*ends = carried->end[0].ends;
	carried->nr--;
	memmove(carried->end, carried->end + 1,
		carried->nr * sizeof(carried->end[0]));
	if (!carried->nr) {
		buf->carried = NULL;
		kfree(carried);
	}
	return chan;
}
EXPORT_SYMBOL_GPL(kcoro_buf_take_ends);

/**
 * kcoro_buf_drop_ends() - drop all ends that a buffer carries
 * @buf: the caller's
 *
 * Context: process.
 */
void kcoro_buf_drop_ends(struct kcoro_buf *buf)
{
	kcoro_carry_free(buf->carried);
	buf->carried = NULL;
}
EXPORT_SYMBOL_GPL(kcoro_buf_drop_ends);

/**
 * kcoro_buf_copy() - make another buffer of the same contents
 * @buf: the caller's; the ends that it carries are held once more
 * @gfp: how
 *
 * Context: as @gfp says; over a few pages it may sleep.
 * Return: the copy, or NULL.
 */
struct kcoro_buf *kcoro_buf_copy(const struct kcoro_buf *buf, gfp_t gfp)
{
	struct kcoro_carried *carried = buf->carried;
	struct kcoro_buf *copy = kcoro_buf_alloc(max(buf->len, 1U), gfp);
	u32 i;

	if (!copy)
		return NULL;
	memcpy(copy->data, buf->data, buf->len);
	copy->len = buf->len;
	if (!carried)
		return copy;
	copy->carried = kmemdup(carried, sizeof(*carried), gfp);
	if (!copy->carried) {
		kcoro_buf_free(copy);
		return NULL;
	}
	for (i = 0; i < carried->nr; i++)
		kcoro_chan_hold(carried->end[i].chan, carried->end[i].ends);
	return copy;
}
EXPORT_SYMBOL_GPL(kcoro_buf_copy);

/**
 * kcoro_chan_create_carrier() - make a channel whose buffers may carry ends
 * @buf_max: largest buffer in bytes; 0: KCORO_BUF_MAX
 * @capacity: buffers it may hold; 0: unbuffered
 *
 * Context, Return: as kcoro_chan_create().
 */
struct kcoro_chan *kcoro_chan_create_carrier(u32 buf_max, u32 capacity)
{
	struct kcoro_chan *chan = kcoro_chan_create_buf(buf_max, capacity);

	if (!IS_ERR(chan))
		chan->carrier = true;
	return chan;
}
EXPORT_SYMBOL_GPL(kcoro_chan_create_carrier);
