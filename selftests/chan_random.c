// SPDX-License-Identifier: GPL-2.0
/*
 * Random operations on a channel against a naive model of one: an array.
 * KCORO_SEED=N repeats a run.
 */
#include "kcoro_test.h"

#define STEPS 20000
#define LONGEST 24

CONTEXT_FIXTURE(random)

struct message {
	uint32_t len;
	unsigned char data[LONGEST];
};

/* What a channel should be. */
struct model {
	struct message queue[17];
	uint32_t count, capacity, elem_size;
	uint32_t returned; /* put back, and takes no room any more: 0 or 1 */
	int closed;
};

static void draw_message(uint64_t *seed, struct message *m, uint32_t elem_size)
{
	uint32_t i;

	/* now and then a length that is not taken */
	m->len = elem_size && draw_below(seed, 8) ? elem_size :
						    draw_below(seed, LONGEST);
	for (i = 0; i < m->len; i++)
		m->data[i] = draw(seed);
}

/* The length sent, or a negative errno, without waiting. */
static int model_send(struct model *model, const struct message *m)
{
	if (model->elem_size ? m->len != model->elem_size : !m->len)
		return -EMSGSIZE;
	if (model->closed)
		return -EPIPE;
	if (model->count - model->returned == model->capacity)
		return -EAGAIN;
	model->queue[model->count++] = *m;
	return m->len;
}

static int model_recv(struct model *model, struct message *m, uint32_t room)
{
	if (model->elem_size > room)
		return -EMSGSIZE;
	if (!model->count)
		return model->closed ? 0 : -EAGAIN;
	if (model->queue[0].len > room) {
		model->returned = 1;
		return -EMSGSIZE;
	}
	model->returned = 0;
	*m = model->queue[0];
	memmove(model->queue, model->queue + 1, --model->count * sizeof(*m));
	return m->len;
}

static int try_send(uint64_t *seed, int fd, struct message *m)
{
	struct kcoro_iov iov = { t_addr(m->data), m->len, 0 };
	int n;

	if (draw_below(seed, 2))
		return t_write(fd, m->data, m->len);
	n = kcoro_sendv(fd, &iov, 1, KCORO_IO_NOWAIT, 0);
	return n < 0 ? n : (int)m->len;
}

static int try_recv(uint64_t *seed, int ctx, int fd, struct message *m,
		    uint32_t room)
{
	struct kcoro_iov iov = { t_addr(m->data), room, 0 };
	struct kcoro_case c = kcoro_case_recv(fd, m->data, room);
	int n;

	switch (draw_below(seed, 3)) {
	case 0:
		return t_read(fd, m->data, room);
	case 1:
		n = kcoro_recvv(fd, &iov, 1, KCORO_IO_NOWAIT, 0);
		return n <= 0 ? n : (int)iov.len;
	}
	n = kcoro_select(ctx, &c, 1, KCORO_SELECT_NOWAIT, 0, NULL);
	return n < 0 ? n : (int)c.len;
}

static void run(t_metadata, int ctx, uint32_t elem_size, uint32_t capacity,
		uint64_t seed)
{
	struct pair p = chan_of(_metadata, ctx, elem_size, capacity);
	struct model model = { .capacity = capacity, .elem_size = elem_size };
	static unsigned char *readonly;
	struct message m, want;
	uint32_t step, room;

	if (!readonly)
		readonly = mmap(NULL, 4096, PROT_READ,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	fcntl(p.send, F_SETFL, O_NONBLOCK);
	fcntl(p.recv, F_SETFL, O_NONBLOCK);
	for (step = 0; step < STEPS; step++) {
		switch (draw_below(&seed, 8)) {
		case 0 ... 3:
			draw_message(&seed, &m, elem_size);
			ASSERT_EQ(model_send(&model, &m),
				  try_send(&seed, p.send, &m))
			TH_LOG("step %u", step);
			break;
		case 4 ... 6:
			memset(&want, 0, sizeof(want));
			memset(&m, 0, sizeof(m));
			room = draw_below(&seed, 4) ?
				       LONGEST :
				       1 + draw_below(&seed, LONGEST - 1);
			want.len = model_recv(&model, &want, room);
			m.len = try_recv(&seed, ctx, p.recv, &m, room);
			ASSERT_EQ((int)want.len, (int)m.len)
			TH_LOG("step %u, room %u", step, room);
			if ((int)m.len > 0)
				ASSERT_EQ(0, memcmp(m.data, want.data, m.len))
			TH_LOG("step %u", step);
			break;
		default:
			/* bad memory changes nothing but where it lies */
			if (model.count) {
				ASSERT_EQ(-EFAULT,
					  t_read(p.recv, readonly, LONGEST));
				model.returned = 1;
			}
			/* nor do most closes happen */
			if (step > STEPS - 100 && !model.closed) {
				ASSERT_EQ(0, kcoro_close_chan(p.send));
				model.closed = 1;
			}
		}
	}
	close(p.send);
	close(p.recv);
}

TEST_F(random, elements_unbuffered)
{
	run(_metadata, self->ctx, 8, 0, test_seed(_metadata));
}

TEST_F(random, elements_of_one)
{
	run(_metadata, self->ctx, 8, 1, test_seed(_metadata));
}

TEST_F(random, elements_of_odd_size)
{
	run(_metadata, self->ctx, 5, 7, test_seed(_metadata));
}

TEST_F(random, buffers)
{
	run(_metadata, self->ctx, 0, 8, test_seed(_metadata));
}

TEST_F(random, buffers_of_one)
{
	run(_metadata, self->ctx, 0, 1, test_seed(_metadata));
}

TEST_HARNESS_MAIN
