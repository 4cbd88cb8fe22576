/* SPDX-License-Identifier: MIT */
/*
 * How a body fits into a chain: what it takes on its left and gives on its
 * right, and whether it works on a file.
 */
#ifndef SHAPE_H
#define SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <kcoro.h>

enum file_use {
	NO_FILE,
	READS_FILE,
	WRITES_FILE,
};

enum gives {
	GIVES_NOTHING, /* its result is of no interest */
	GIVES_RESULT,
	GIVES_COUNTS,
};

struct shape {
	const char *body;
	bool takes; /* messages, from a channel */
	bool sends; /* messages, to a channel */
	enum file_use file;
	enum gives gives;
	const char *options; /* of a body with a file, for getopt(3) */
	const char *alone; /* why it fits into no chain, or NULL */
};

/* A body of the module itself, or NULL. */
const struct shape *shape_find(const char *body);

/*
 * Works out the shape of a body that only the kernel knows, from the number
 * of descriptors it wants and its place in the chain.
 */
void shape_guess(struct shape *s, const struct kcoro_body_info *body,
		 bool first, bool last);

#endif /* SHAPE_H */
