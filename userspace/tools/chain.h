/* SPDX-License-Identifier: MIT */
/*
 * A chain: the stages of a pipeline, checked, each with its body and its file,
 * but nothing started yet.
 *
 * A pipeline that wants input gets a file-source on standard input in front, a
 * pipeline that has output a file-sink on standard output at its end.
 */
#ifndef CHAIN_H
#define CHAIN_H

#include "pipeline.h"
#include "shape.h"

/* Where a stage's file comes from. */
#define STDIO_LABEL_INPUT "standard input"
#define STDIO_LABEL_OUTPUT "standard output"

struct stage {
	size_t number; /* as the user counts, from 1; 0 for one put there */
	const char *body;
	struct shape shape;
	char help[KCORO_HELP_MAX]; /* what the kernel says it takes, or "" */
	char **args; /* the words after the body, without the file; owned */
	const char *path; /* of its file, or what to call it */
	int file; /* its descriptor, or -1 */
	uint64_t chunk; /* file-source -b, or 0 */
};

struct chain {
	struct pipeline pipeline;
	struct stage *stage;
	size_t count;
	int ctx; /* borrowed, to ask the kernel; negative: it is not asked */
	struct kcoro_body_info *bodies; /* that the kernel has */
	size_t nr_bodies;
};

/*
 * Makes the chain of a pipeline's text. @ctx: a context, whose kernel is asked
 * for its bodies, and to load those that it does not have yet; or negative if
 * only the module's own are to be thought of. Complains.
 * Returns a status. chain_free() in any case.
 */
int chain_make(struct chain *c, const char *text, int ctx);

/* Opens the files. Complains. Returns a status. */
int chain_open(struct chain *c);

void chain_free(struct chain *c);

/* "stage 3 (match)", or the name of the standard stream. */
const char *stage_label(const struct stage *s, char *buf, size_t size);

#endif /* CHAIN_H */
