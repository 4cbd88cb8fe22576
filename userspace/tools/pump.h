/* SPDX-License-Identifier: MIT */
/*
 * Pumps: file-source and file-sink in user space, for files that the kernel
 * does not read or write itself, and for terminals.
 *
 * A pump never waits: it says what it waits for, the caller's poll(2) does.
 */
#ifndef PUMP_H
#define PUMP_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <kcoro.h>

#define PUMP_BATCH 32

/* Descriptors that a pump polls: its file, its channel. */
#define PUMP_POLLS 2

struct pump {
	int file; /* borrowed */
	int chan; /* owned; -1 once the pump has ended */
	bool sink;
	bool whole; /* a regular file: writes need not be cut */
	bool json; /* a sink writes each message as an object on a line */
	char *buf; /* bytes on their way, from @start to @end */
	size_t start, end, size;
	char *slots; /* sink: where messages are received */
	size_t slot_size;
	int error; /* 0 or a negative errno value, once it has ended */
	bool gone; /* the other side of the channel, or of standard output */
};

/*
 * Prepares a pump. @chan: the end of the channel, which the pump closes.
 * @chunk: largest message of a source, or 0. Returns 0 or -ENOMEM.
 */
int pump_source(struct pump *p, int file, int chan, size_t chunk);
int pump_sink(struct pump *p, int file, int chan, bool json);

static inline bool pump_running(const struct pump *p)
{
	return p->chan >= 0;
}

/* Fills in what to wait for. */
void pump_poll(const struct pump *p, struct pollfd polls[PUMP_POLLS]);

/* Does what can be done, after a poll. */
void pump_step(struct pump *p, const struct pollfd polls[PUMP_POLLS]);

/* Ends it, what is on its way is dropped. Any number of times. */
void pump_stop(struct pump *p);

#endif /* PUMP_H */
