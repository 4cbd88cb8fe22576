// SPDX-License-Identifier: MIT
/*
 * Channels. One message goes through the same call as many: unlike write(2)
 * and read(2) it takes a deadline, and a length of 0 is no end of stream.
 */
#include <errno.h>
#include <stdlib.h>

#include "internal.h"

/* Room for the first message if kcoro_recv_alloc() has no buffer yet. */
#define FIRST_SIZE 256

KCORO_PUBLIC int kcoro_chan_create(int ctx, struct kcoro_chan_create *chan)
{
	return kcoro_call(ctx, KCORO_IOC_CHAN_CREATE, chan);
}

static int create(int ctx, struct kcoro_chan_create *chan, int fds[2])
{
	int err = kcoro_chan_create(ctx, chan);

	if (!err) {
		fds[KCORO_RECV_END] = chan->recv_fd;
		fds[KCORO_SEND_END] = chan->send_fd;
	}
	return err;
}

KCORO_PUBLIC int kcoro_chan(int ctx, uint32_t elem_size, uint32_t capacity,
			    int fds[2])
{
	struct kcoro_chan_create chan = {
		.elem_size = elem_size,
		.capacity = capacity,
	};

	/* 0 would silently make the other kind. */
	return elem_size ? create(ctx, &chan, fds) : -EINVAL;
}

KCORO_PUBLIC int kcoro_chan_buf(int ctx, uint32_t buf_max, uint32_t capacity,
				int fds[2])
{
	struct kcoro_chan_create chan = {
		.buf_max = buf_max,
		.capacity = capacity,
	};

	return create(ctx, &chan, fds);
}

/* Returns the number of messages that moved or a negative errno value. */
static int move(int fd, unsigned long request, struct kcoro_iov *iov,
		unsigned int count, uint32_t flags, int64_t deadline_ns)
{
	struct kcoro_io req = {
		.iov = kcoro_addr(iov),
		.count = count,
		.flags = flags,
		.deadline_ns = deadline_ns,
	};
	int err = kcoro_call(fd, request, &req);

	return err ? err : (int)req.done;
}

KCORO_PUBLIC int kcoro_sendv(int fd, struct kcoro_iov *iov, unsigned int count,
			     uint32_t flags, int64_t deadline_ns)
{
	return move(fd, KCORO_IOC_SEND, iov, count, flags, deadline_ns);
}

KCORO_PUBLIC int kcoro_recvv(int fd, struct kcoro_iov *iov, unsigned int count,
			     uint32_t flags, int64_t deadline_ns)
{
	return move(fd, KCORO_IOC_RECV, iov, count, flags, deadline_ns);
}

KCORO_PUBLIC ssize_t kcoro_send_ends(int fd, const void *msg, size_t len,
				     const int *ends, unsigned int nr,
				     int64_t deadline_ns)
{
	struct kcoro_carry req = {
		.addr = kcoro_addr(msg),
		.len = len,
		.deadline_ns = deadline_ns,
		.nr_fds = nr,
	};
	unsigned int i;
	int err;

	if (len > INT32_MAX)
		return -EMSGSIZE;
	if (nr > KCORO_CARRY_MAX)
		return -EINVAL;
	for (i = 0; i < nr; i++)
		req.fds[i] = ends[i];
	err = kcoro_call(fd, KCORO_IOC_CARRY_SEND, &req);
	return err ? err : (ssize_t)len;
}

KCORO_PUBLIC ssize_t kcoro_recv_ends(int fd, void *msg, size_t size, int *ends,
				     unsigned int *nr, int64_t deadline_ns)
{
	struct kcoro_carry req = {
		.addr = kcoro_addr(msg),
		.len = size > INT32_MAX ? INT32_MAX : size,
		.deadline_ns = deadline_ns,
		.nr_fds = *nr > KCORO_CARRY_MAX ? KCORO_CARRY_MAX : *nr,
	};
	int err = kcoro_call(fd, KCORO_IOC_CARRY_RECV, &req);
	unsigned int i;

	if (err)
		return err;
	for (i = 0; i < req.nr_fds; i++)
		ends[i] = req.fds[i];
	*nr = req.nr_fds;
	return req.len;
}

KCORO_PUBLIC ssize_t kcoro_send(int fd, const void *msg, size_t len,
				int64_t deadline_ns)
{
	struct kcoro_iov iov = { .addr = kcoro_addr(msg), .len = len };
	int n;

	if (len > INT32_MAX)
		return -EMSGSIZE;
	n = kcoro_sendv(fd, &iov, 1, 0, deadline_ns);
	return n < 0 ? n : (ssize_t)len;
}

KCORO_PUBLIC ssize_t kcoro_recv(int fd, void *msg, size_t size,
				int64_t deadline_ns)
{
	struct kcoro_iov iov = {
		.addr = kcoro_addr(msg),
		.len = size < INT32_MAX ? size : INT32_MAX,
	};
	int n = kcoro_recvv(fd, &iov, 1, 0, deadline_ns);

	return n <= 0 ? n : (ssize_t)iov.len;
}

KCORO_PUBLIC ssize_t kcoro_recv_alloc(int fd, void **msg, size_t *size,
				      int64_t deadline_ns)
{
	size_t want = FIRST_SIZE;
	struct kcoro_iov iov;
	void *more;
	int n;

	if (!*msg)
		*size = 0;
	for (;;) {
		if (!*msg || *size < want) {
			more = realloc(*msg, want);
			if (!more)
				return -ENOMEM;
			*msg = more;
			*size = want;
		}
		iov.addr = kcoro_addr(*msg);
		iov.len = *size < INT32_MAX ? *size : INT32_MAX;
		iov.pad = 0;
		n = kcoro_recvv(fd, &iov, 1, 0, deadline_ns);
		/* Another receiver may take it meanwhile: then the next one. */
		if (n != -EMSGSIZE || iov.len <= *size)
			return n <= 0 ? n : (ssize_t)iov.len;
		want = iov.len;
	}
}

KCORO_PUBLIC int kcoro_close_chan(int fd)
{
	return kcoro_call(fd, KCORO_IOC_CLOSE, NULL);
}
