// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of chan.c: messages of all sizes, the limits, and who owns a buffer.
 * A buffer that is freed twice or not at all is found by KASAN and kmemleak.
 */
#include <kunit/test.h>
#include <linux/irq_work.h>
#include <linux/kcoro.h>

#include "chan.h"

#define GUARD	ktime_add_ms(ktime_get(), 30000) /* against hangs */
#define PAST	0
#define BOTH	(KCORO_SEND | KCORO_RECV)

/* --- Elements ------------------------------------------------------------- */

#define MARGIN	8

struct sized {
	struct kcoro_chan *chan;
	u32 size;
	u8 in[MARGIN + KCORO_ELEM_MAX + MARGIN];
	u8 out[MARGIN + KCORO_ELEM_MAX + MARGIN];
};

static void fill(struct sized *sized, u32 nth)
{
	u32 i;

	for (i = 0; i < sized->size; i++)
		sized->out[MARGIN + i] = i * 7 + nth;
}

static s64 sized_send(void *data)
{
	struct sized *sized = data;
	int i, err = 0;

	for (i = 0; i < 8 && !err; i++) {
		fill(sized, i);
		err = kcoro_send(sized->chan, sized->out + MARGIN,
				 KCORO_FOREVER);
	}
	return err ?: i;
}

/* Receive what sized_send() sends: every byte of it and not one more. */
static int sized_recv(struct sized *sized)
{
	u32 nth, i;

	for (nth = 0; nth < 8; nth++) {
		memset(sized->in, 0xa5, sizeof(sized->in));
		if (kcoro_recv(sized->chan, sized->in + MARGIN, GUARD) != 1)
			return -EPIPE;
		for (i = 0; i < sizeof(sized->in); i++) {
			bool inside = i >= MARGIN && i < MARGIN + sized->size;
			u8 want = inside ? (i - MARGIN) * 7 + nth : 0xa5;

			if (sized->in[i] != want)
				return -EBADMSG;
		}
	}
	return 0;
}

static void element_arrives_whole(struct kunit *test)
{
	static const u32 sizes[] = { 1, 7, 8, 100, KCORO_ELEM_MAX };
	static const u32 capacities[] = { 0, 1, 2, 16 };
	struct kcoro_task *task;
	struct sized *sized;
	u32 i, j;
	s64 sent;

	sized = kunit_kzalloc(test, sizeof(*sized), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, sized);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (j = 0; j < ARRAY_SIZE(capacities); j++) {
			sized->size = sizes[i];
			sized->chan = kcoro_chan_create(sizes[i],
							capacities[j]);
			KUNIT_ASSERT_NOT_ERR_OR_NULL(test, sized->chan);
			task = kcoro_go(sized_send, sized);
			KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
			KUNIT_EXPECT_EQ(test, sized_recv(sized), 0);
			kcoro_chan_close(sized->chan);
			KUNIT_EXPECT_EQ(test, kcoro_join(task, GUARD, &sent),
					0);
			KUNIT_EXPECT_EQ(test, sent, 8);
			kcoro_task_put(task);
			kcoro_chan_drop(sized->chan, BOTH);
		}
	}
}

static void channel_of_elements_has_limits(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, PTR_ERR(kcoro_chan_create(0, 1)), -EINVAL);
	KUNIT_EXPECT_EQ(test, PTR_ERR(kcoro_chan_create(KCORO_ELEM_MAX + 1, 1)),
			-EINVAL);
	KUNIT_EXPECT_EQ(test,
			PTR_ERR(kcoro_chan_create(8, KCORO_CAPACITY_MAX + 1)),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, PTR_ERR(kcoro_chan_create(U32_MAX, U32_MAX)),
			-EINVAL);
}

static void channel_of_elements_takes_its_limits(struct kunit *test)
{
	struct kcoro_chan *chan;

	chan = kcoro_chan_create(1, KCORO_CAPACITY_MAX);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, chan);
	kcoro_chan_drop(chan, BOTH);
	chan = kcoro_chan_create(KCORO_ELEM_MAX, 1);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, chan);
	KUNIT_EXPECT_EQ(test, kcoro_chan_elem_size(chan), KCORO_ELEM_MAX);
	kcoro_chan_drop(chan, BOTH);
}

static void channel_of_buffers_has_limits(struct kunit *test)
{
	struct kcoro_chan *chan;

	KUNIT_EXPECT_EQ(test,
			PTR_ERR(kcoro_chan_create_buf(KCORO_BUF_MAX + 1, 1)),
			-EINVAL);
	chan = kcoro_chan_create_buf(8, KCORO_CAPACITY_MAX + 1);
	KUNIT_EXPECT_EQ(test, PTR_ERR(chan), -EINVAL);
	KUNIT_EXPECT_EQ(test,
			PTR_ERR(kcoro_chan_make(8, 8, 1, GFP_KERNEL, NULL)),
			-EINVAL);
}

static void channel_ids_are_unique(struct kunit *test)
{
	struct kcoro_chan *a = kcoro_chan_create(8, 0);
	struct kcoro_chan *b = kcoro_chan_create_buf(8, 0);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, a);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, b);
	KUNIT_EXPECT_NE(test, kcoro_chan_id(a), kcoro_chan_id(b));
	KUNIT_EXPECT_NE(test, kcoro_chan_id(a), 0);
	kcoro_chan_drop(a, BOTH);
	kcoro_chan_drop(b, BOTH);
}

/* --- Buffers -------------------------------------------------------------- */

static struct kcoro_chan *make_buf(struct kunit *test, u32 max, u32 capacity)
{
	struct kcoro_chan *chan = kcoro_chan_create_buf(max, capacity);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, chan);
	return chan;
}

static struct kcoro_buf *fill_buf(struct kunit *test, u32 len)
{
	struct kcoro_buf *buf = kcoro_buf_alloc(len ?: 1, GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, buf);
	KUNIT_EXPECT_EQ(test, buf->len, 0);
	KUNIT_EXPECT_EQ(test, buf->size, len ?: 1);
	memset(buf->data, 0x5a, len);
	buf->len = len;
	return buf;
}

static void buffer_alloc_has_limits(struct kunit *test)
{
	struct kcoro_buf *buf;

	KUNIT_EXPECT_NULL(test, kcoro_buf_alloc(0, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, kcoro_buf_alloc(KCORO_BUF_MAX + 1, GFP_KERNEL));
	buf = kcoro_buf_alloc(KCORO_BUF_MAX, GFP_KERNEL);
	KUNIT_EXPECT_NOT_ERR_OR_NULL(test, buf);
	kcoro_buf_free(buf);
	kcoro_buf_free(NULL);
}

static void buffer_sent_is_the_one_received(struct kunit *test)
{
	struct kcoro_chan *chan = make_buf(test, 0, 1);
	struct kcoro_buf *in, *out = fill_buf(test, 100);

	KUNIT_EXPECT_EQ(test, kcoro_send_buf(chan, out, PAST), 0);
	KUNIT_EXPECT_EQ(test, kcoro_recv_buf(chan, &in, PAST), 1);
	KUNIT_EXPECT_PTR_EQ(test, in, out);
	kcoro_buf_free(in);
	kcoro_chan_drop(chan, BOTH);
}

static void buffer_not_sent_stays_the_senders(struct kunit *test)
{
	struct kcoro_chan *chan = make_buf(test, 0, 0);
	struct kcoro_buf *buf = fill_buf(test, 100);

	KUNIT_EXPECT_EQ(test, kcoro_send_buf(chan, buf, PAST), -ETIMEDOUT);
	kcoro_chan_close(chan);
	KUNIT_EXPECT_EQ(test, kcoro_send_buf(chan, buf, PAST), -EPIPE);
	kcoro_chan_drop(chan, BOTH);
	kcoro_buf_free(buf);
}

static void buffer_of_wrong_length_is_emsgsize(struct kunit *test)
{
	struct kcoro_chan *chan = make_buf(test, 64, 1);
	struct kcoro_buf *empty = fill_buf(test, 0), *big = fill_buf(test, 65);

	KUNIT_EXPECT_EQ(test, kcoro_send_buf(chan, empty, PAST), -EMSGSIZE);
	KUNIT_EXPECT_EQ(test, kcoro_send_buf(chan, big, PAST), -EMSGSIZE);
	big->len = 64;
	KUNIT_EXPECT_EQ(test, kcoro_send_buf(chan, big, PAST), 0);
	kcoro_buf_free(empty);
	kcoro_chan_drop(chan, BOTH);
}

/* Queued and put back: kmemleak tells if one stays. */
static void buffers_in_a_channel_go_with_it(struct kunit *test)
{
	struct kcoro_chan *chan = make_buf(test, 0, 4);
	struct kcoro_buf *buf;
	int i;

	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, kcoro_send_buf(chan, fill_buf(test, 9),
						     PAST), 0);
	KUNIT_EXPECT_EQ(test, kcoro_recv_buf(chan, &buf, PAST), 1);
	kcoro_chan_unrecv(chan, &buf);
	kcoro_chan_drop(chan, BOTH);
}

static void buffer_calls_want_their_kind_of_channel(struct kunit *test)
{
	struct kcoro_chan *elems = kcoro_chan_create(8, 1);
	struct kcoro_chan *bufs = make_buf(test, 0, 1);
	struct kcoro_buf *buf = fill_buf(test, 8);
	u64 value = 0;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, elems);
	KUNIT_EXPECT_EQ(test, kcoro_send_buf(elems, buf, PAST), -EINVAL);
	KUNIT_EXPECT_EQ(test, kcoro_recv_buf(elems, &buf, PAST), -EINVAL);
	KUNIT_EXPECT_EQ(test, kcoro_send(bufs, &value, PAST), -EINVAL);
	KUNIT_EXPECT_EQ(test, kcoro_recv(bufs, &value, PAST), -EINVAL);
	KUNIT_EXPECT_EQ(test, kcoro_try_send(bufs, &value), -EINVAL);
	KUNIT_EXPECT_EQ(test, kcoro_try_recv(bufs, &value), -EINVAL);
	KUNIT_EXPECT_EQ(test, kcoro_chan_elem_size(bufs), 0);
	KUNIT_EXPECT_EQ(test, kcoro_chan_buf_max(bufs), KCORO_BUF_MAX);
	KUNIT_EXPECT_EQ(test, kcoro_chan_buf_max(elems), 0);
	kcoro_buf_free(buf);
	kcoro_chan_drop(elems, BOTH);
	kcoro_chan_drop(bufs, BOTH);
}

/* --- Interrupts --------------------------------------------------------------- */

struct irq_send {
	struct irq_work work;
	struct kcoro_chan *chan;
	int refused;
};

static void send_five(struct irq_work *work)
{
	struct irq_send *irq = container_of(work, struct irq_send, work);
	u64 i;

	for (i = 0; i < 5; i++)
		irq->refused += kcoro_try_send(irq->chan, &i) == -EAGAIN;
}

static void what_an_interrupt_cannot_send_is_counted(struct kunit *test)
{
	struct kcoro_chan *plain = kcoro_chan_create(sizeof(u64), 1);
	struct irq_send irq = {
		.chan = kcoro_chan_create_irq(sizeof(u64), 2),
		.work = IRQ_WORK_INIT_HARD(send_five),
	};
	u64 value = 0;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, plain);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, irq.chan);
	KUNIT_EXPECT_EQ(test, kcoro_chan_dropped(irq.chan), 0);
	irq_work_queue(&irq.work);
	irq_work_sync(&irq.work);
	KUNIT_EXPECT_EQ(test, irq.refused, 3);
	KUNIT_EXPECT_EQ(test, kcoro_chan_dropped(irq.chan), 3);
	/* Who can wait may try again: nothing is lost. */
	KUNIT_EXPECT_EQ(test, kcoro_try_send(plain, &value), 0);
	KUNIT_EXPECT_EQ(test, kcoro_try_send(plain, &value), -EAGAIN);
	KUNIT_EXPECT_EQ(test, kcoro_chan_dropped(plain), 0);
	kcoro_chan_drop(irq.chan, BOTH);
	kcoro_chan_drop(plain, BOTH);
}

static struct kunit_case message_cases[] = {
	KUNIT_CASE(element_arrives_whole),
	KUNIT_CASE(channel_of_elements_has_limits),
	KUNIT_CASE(channel_of_elements_takes_its_limits),
	KUNIT_CASE(channel_of_buffers_has_limits),
	KUNIT_CASE(channel_ids_are_unique),
	KUNIT_CASE(buffer_alloc_has_limits),
	KUNIT_CASE(buffer_sent_is_the_one_received),
	KUNIT_CASE(buffer_not_sent_stays_the_senders),
	KUNIT_CASE(buffer_of_wrong_length_is_emsgsize),
	KUNIT_CASE(buffers_in_a_channel_go_with_it),
	KUNIT_CASE(buffer_calls_want_their_kind_of_channel),
	KUNIT_CASE(what_an_interrupt_cannot_send_is_counted),
	{}
};

static struct kunit_suite message_suite = {
	.name = "kcoro_message",
	.test_cases = message_cases,
};

kunit_test_suites(&message_suite);
