// SPDX-License-Identifier: MIT
/*
 * Pumps: see pump.h.
 *
 * The channel is used without waiting, whatever its descriptor's flags. A file
 * cannot be: O_NONBLOCK would hold for all who share it, the shell too. So a
 * file is touched after poll(2) found it ready, and something that is no
 * regular file gets no more than PIPE_BUF bytes then, which fit.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json.h"
#include "pump.h"

/* What a source reads at a time if nobody says. */
#define CHUNK 65536

/* What a sink's messages have room for at first. */
#define SLOT 2048

static int start(struct pump *p, int file, int chan, size_t size)
{
	struct stat st;

	memset(p, 0, sizeof(*p));
	p->file = file;
	p->chan = -1;
	p->whole = !fstat(file, &st) && S_ISREG(st.st_mode);
	p->size = size;
	p->buf = malloc(size);
	if (!p->buf)
		return -ENOMEM;
	p->chan = chan;
	return 0;
}

int pump_source(struct pump *p, int file, int chan, size_t chunk)
{
	return start(p, file, chan, chunk && chunk < CHUNK ? chunk : CHUNK);
}

int pump_sink(struct pump *p, int file, int chan, bool json)
{
	int err = start(p, file, chan, CHUNK);

	if (err)
		return err;
	p->sink = true;
	p->json = json;
	p->slot_size = SLOT;
	p->slots = malloc(PUMP_BATCH * p->slot_size);
	if (!p->slots) {
		p->chan = -1; /* still the caller's */
		pump_stop(p);
		return -ENOMEM;
	}
	return 0;
}

void pump_stop(struct pump *p)
{
	if (p->chan >= 0)
		close(p->chan);
	p->chan = -1;
	free(p->buf);
	free(p->slots);
	p->buf = NULL;
	p->slots = NULL;
}

static void finish(struct pump *p, int error)
{
	p->error = error;
	pump_stop(p);
}

void pump_poll(const struct pump *p, struct pollfd polls[PUMP_POLLS])
{
	bool full = p->start < p->end;

	/*
	 * While it waits for input it looks whether its output is gone, with
	 * no events asked for. Not the other way round: an input that is at
	 * its end would end each poll at once.
	 */
	if (p->sink) {
		polls[0].fd = pump_running(p) ? p->file : -1;
		polls[0].events = full ? POLLOUT : 0;
		polls[1].fd = full ? -1 : p->chan;
		polls[1].events = POLLIN;
	} else {
		polls[0].fd = pump_running(p) && !full ? p->file : -1;
		polls[0].events = POLLIN;
		polls[1].fd = p->chan;
		polls[1].events = full ? POLLOUT : 0;
	}
}

static bool try_again(int err)
{
	return err == -EAGAIN || err == -EINTR;
}

static void step_source(struct pump *p, const struct pollfd polls[PUMP_POLLS])
{
	struct kcoro_iov iov;
	ssize_t n;
	int err;

	/* Nobody receives any more: do not wait for input to find out. */
	if (polls[1].revents & (POLLERR | POLLHUP)) {
		p->gone = true;
		finish(p, 0);
		return;
	}
	if (p->start == p->end) {
		if (!polls[0].revents)
			return;
		n = read(p->file, p->buf, p->size);
		if (n < 0) {
			if (!try_again(-errno))
				finish(p, -errno);
			return;
		}
		if (!n) {
			finish(p, 0);
			return;
		}
		p->start = 0;
		p->end = n;
	}
	iov.addr = (uintptr_t)p->buf;
	iov.len = p->end;
	iov.pad = 0;
	err = kcoro_sendv(p->chan, &iov, 1, KCORO_IO_NOWAIT, 0);
	if (err > 0) {
		p->end = 0;
	} else if (err == -EPIPE) {
		p->gone = true;
		finish(p, 0);
	} else if (!try_again(err)) {
		finish(p, err);
	}
}

/* Makes room for @more bytes at the end of the sink's buffer. */
static bool make_room(struct pump *p, size_t more)
{
	size_t size = p->size;
	char *buf;

	while (size - p->end < more)
		size *= 2;
	if (size == p->size)
		return true;
	buf = realloc(p->buf, size);
	if (!buf)
		return false;
	p->buf = buf;
	p->size = size;
	return true;
}

/* Appends the text of one message in JSON. Returns whether it could. */
static bool append_json(struct pump *p, const char *msg, size_t len)
{
	struct json j = { .file = NULL };
	char *text = NULL;
	size_t size = 0;
	bool done;

	j.file = open_memstream(&text, &size);
	if (!j.file)
		return false;
	json_open(&j, NULL, '{');
	json_bytes(&j, "message", msg, len);
	json_close(&j, '}');
	json_end(&j);
	done = !fclose(j.file) && make_room(p, size);
	if (done) {
		memcpy(p->buf + p->end, text, size);
		p->end += size;
	}
	free(text);
	return done;
}

static bool append(struct pump *p, const char *msg, size_t len)
{
	if (p->json)
		return append_json(p, msg, len);
	if (!make_room(p, len))
		return false;
	memcpy(p->buf + p->end, msg, len);
	p->end += len;
	return true;
}

/* Receives what is there into the empty buffer, or ends the pump. */
static void receive(struct pump *p)
{
	struct kcoro_iov iov[PUMP_BATCH];
	char *slots;
	int i, n;

	for (;;) {
		for (i = 0; i < PUMP_BATCH; i++) {
			iov[i].addr = (uintptr_t)(p->slots + i * p->slot_size);
			iov[i].len = p->slot_size;
			iov[i].pad = 0;
		}
		n = kcoro_recvv(p->chan, iov, PUMP_BATCH, KCORO_IO_NOWAIT, 0);
		if (n != -EMSGSIZE || iov[0].len <= p->slot_size)
			break;
		/* Nothing is lost: once more, with room for the longest. */
		slots = realloc(p->slots, PUMP_BATCH * (size_t)iov[0].len);
		if (!slots) {
			finish(p, -ENOMEM);
			return;
		}
		p->slots = slots;
		p->slot_size = iov[0].len;
	}
	if (n <= 0) {
		if (!try_again(n))
			finish(p, n);
		return;
	}
	p->start = 0;
	p->end = 0;
	for (i = 0; i < n; i++) {
		if (!append(p, p->slots + i * p->slot_size, iov[i].len)) {
			finish(p, -ENOMEM);
			return;
		}
	}
}

static void step_sink(struct pump *p, const struct pollfd polls[PUMP_POLLS])
{
	size_t len;
	ssize_t n;

	/* The reader of the pipe is gone: do not wait for output to find out. */
	if (polls[0].revents & (POLLERR | POLLHUP)) {
		finish(p, -EPIPE);
		return;
	}
	/* What was just received is written after the next poll. */
	if (p->start == p->end) {
		if (polls[1].revents)
			receive(p);
		return;
	}
	if (!polls[0].revents)
		return;
	len = p->end - p->start;
	if (!p->whole && len > PIPE_BUF)
		len = PIPE_BUF;
	n = write(p->file, p->buf + p->start, len);
	if (n < 0) {
		if (!try_again(-errno))
			finish(p, -errno);
		return;
	}
	p->start += n;
}

void pump_step(struct pump *p, const struct pollfd polls[PUMP_POLLS])
{
	if (!pump_running(p))
		return;
	if (p->sink)
		step_sink(p, polls);
	else
		step_source(p, polls);
}
