/* SPDX-License-Identifier: MIT */
/*
 * The text of a pipeline: stages with '|' between, each of words, quoted as in
 * a shell:
 * - '...' takes everything as it is;
 * - "..." too, but \" and \\ are " and \;
 * - elsewhere a backslash takes the next character as it is.
 * There are no variables, wildcards, redirections or comments.
 */
#ifndef PIPELINE_H
#define PIPELINE_H

#include <stddef.h>

/* The words of a stage; the first is the body. Ends with NULL. */
struct words {
	char **word;
	size_t count;
};

struct pipeline {
	struct words *stage;
	size_t count;
};

/*
 * Parses @text. Returns NULL, or what is wrong, with the place (from 0) in
 * *@at. Either way pipeline_free() frees what was made.
 */
const char *pipeline_parse(struct pipeline *p, const char *text, size_t *at);

void pipeline_free(struct pipeline *p);

#endif /* PIPELINE_H */
