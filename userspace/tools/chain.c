// SPDX-License-Identifier: MIT
/*
 * From the text of a pipeline to stages that can be started: see chain.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chain.h"
#include "command.h"
#include "complain.h"
#include "text.h"

/* A stage's own descriptors never close these. */
#define IS_STDIO(fd) ((fd) <= STDERR_FILENO)

const char *stage_label(const struct stage *s, char *buf, size_t size)
{
	if (s->number)
		snprintf(buf, size, "stage %zu (%s)", s->number, s->body);
	else
		snprintf(buf, size, "%s", s->path);
	return buf;
}

/* Asks the kernel for its bodies, once more if need be. Returns a status. */
static int ask_bodies(struct chain *c)
{
	ssize_t n;

	free(c->bodies);
	c->nr_bodies = 0;
	n = kcoro_bodies(c->ctx, &c->bodies);
	if (n < 0)
		return failed_call(c->ctx, KCORO_CALL_OTHER, n, "bodies");
	c->nr_bodies = n;
	return STATUS_OK;
}

static const struct kcoro_body_info *find_body(const struct chain *c,
					       const char *name)
{
	const struct kcoro_body_info *b;

	for (b = c->bodies; b < c->bodies + c->nr_bodies; b++) {
		if (!strncmp(b->name, name, sizeof(b->name)))
			return b;
	}
	return NULL;
}

/*
 * Lets the kernel look for a body among its modules, as it does for SPAWN. This
 * one starts nothing: no body can do with a stack of one byte, which is EINVAL
 * if there is the body. Returns whether there is.
 */
static bool load_body(const struct chain *c, const char *name)
{
	const struct kcoro_spawn_opts opts = { .stack_size = 1 };

	return kcoro_spawn_id(c->ctx, name, &opts, NULL) == -EINVAL;
}

static int unknown_body(const struct chain *c, const struct stage *s)
{
	char name[4 * KCORO_NAME_MAX + 1], list[2048] = "";
	const struct kcoro_body_info *b = c->bodies;
	size_t i, used = 0;

	if (c->ctx < 0)
		return failed(
			"stage %zu: '%s' is none of the usual bodies, and the kernel was not asked for others",
			s->number, s->body);
	for (i = 0; i < c->nr_bodies && used < sizeof(list); i++) {
		text_escape(name, sizeof(name), b[i].name, sizeof(b[i].name));
		used += snprintf(list + used, sizeof(list) - used, " %s", name);
	}
	return failed(
		"stage %zu: there is no body '%s', nor a module for it that you can have loaded; there are:%s",
		s->number, s->body, list);
}

/* Copies a list of words that ends with NULL; the words stay where they are. */
static char **copy_list(char *const *words)
{
	char **copy;
	size_t n = 0;

	while (words[n])
		n++;
	copy = calloc(n + 1, sizeof(*copy));
	if (copy)
		memcpy(copy, words, n * sizeof(*copy));
	return copy;
}

/*
 * Takes the options and the file from the words of a file-source or file-sink.
 * What the body does not know is left for it to complain about.
 */
static int take_file(struct stage *s, const struct words *w)
{
	char **argv = w->word;
	int argc = w->count, c, last;

	optind = 0;
	opterr = 0;
	while ((c = getopt(argc, argv, s->shape.options)) != -1) {
		if (c == 'b' && !parse_u64(optarg, 1, UINT32_MAX, &s->chunk))
			return failed(
				"stage %zu (%s): -b: '%s' is no number of bytes",
				s->number, s->body, optarg);
		if (c == '?')
			return failed(
				"stage %zu (%s): an option that it does not have, or without its value",
				s->number, s->body);
	}
	if (argc - optind != 1)
		return failed("stage %zu: %s wants one FILE, or - for %s",
			      s->number, s->body,
			      s->shape.file == READS_FILE ? STDIO_LABEL_INPUT :
							    STDIO_LABEL_OUTPUT);
	s->path = argv[optind];
	/* The body gets the descriptor instead, and "--" would be in vain. */
	last = optind - 1;
	if (!strcmp(argv[last], "--"))
		last--;
	s->args[last] = NULL;
	return STATUS_OK;
}

/* Whether a stage has its place in the chain. Returns a status. */
static int check_place(const struct stage *s, bool first, bool last)
{
	if (s->shape.alone && !(first && last))
		return failed("stage %zu: %s cannot be part of a chain: %s",
			      s->number, s->body, s->shape.alone);
	if (!first && !s->shape.takes)
		return failed(
			"stage %zu: %s takes no messages: it must be the first stage",
			s->number, s->body);
	if (!last && !s->shape.sends)
		return failed(
			"stage %zu: %s sends no messages: it must be the last stage",
			s->number, s->body);
	return STATUS_OK;
}

/* Whether the body takes as many descriptors as a chain has for it. */
static int check_fds(const struct stage *s, const struct kcoro_body_info *b)
{
	uint32_t n = s->shape.takes + s->shape.sends + !!s->shape.file;

	if (n < b->fds_min)
		return failed(
			"stage %zu: %s wants at least %u descriptors, and a chain has only %u for it",
			s->number, s->body, b->fds_min, n);
	if (n > b->fds_max)
		return failed(
			"stage %zu: %s takes at most %u descriptors, and its place in the chain has %u",
			s->number, s->body, b->fds_max, n);
	return STATUS_OK;
}

static int fill_stage(struct chain *c, size_t i, struct stage *s)
{
	bool first = i == 0, last = i == c->pipeline.count - 1;
	struct words *w = &c->pipeline.stage[i];
	const struct kcoro_body_info *body = NULL;
	const struct shape *shape;
	int status;

	s->number = i + 1;
	s->body = w->word[0];
	s->file = -1;
	s->args = copy_list(w->word + 1);
	if (!s->args)
		return failed("out of memory");
	shape = shape_find(s->body);
	if (c->ctx >= 0 || !shape) {
		body = find_body(c, s->body);
		if (!body && c->ctx >= 0 && load_body(c, s->body)) {
			status = ask_bodies(c);
			if (status)
				return status;
			body = find_body(c, s->body);
		}
		if (!body)
			return unknown_body(c, s);
		snprintf(s->help, sizeof(s->help), "%.*s",
			 (int)sizeof(body->help), body->help);
	}
	if (shape)
		s->shape = *shape;
	else
		shape_guess(&s->shape, body, first, last);
	status = check_place(s, first, last);
	if (!status && s->shape.file)
		status = take_file(s, w);
	if (!status && body)
		status = check_fds(s, body);
	return status;
}

/* A file-source or file-sink that the user did not write. */
static int fill_stdio(struct stage *s, const char *body)
{
	char *const no_words[] = { NULL };

	s->body = body;
	s->shape = *shape_find(body);
	s->args = copy_list(no_words);
	s->file = s->shape.file == READS_FILE ? STDIN_FILENO : STDOUT_FILENO;
	s->path = s->shape.file == READS_FILE ? STDIO_LABEL_INPUT :
						STDIO_LABEL_OUTPUT;
	return s->args ? STATUS_OK : failed("out of memory");
}

int chain_make(struct chain *c, const char *text, int ctx)
{
	const char *wrong;
	int status;
	size_t at, i;

	memset(c, 0, sizeof(*c));
	c->ctx = ctx;
	wrong = pipeline_parse(&c->pipeline, text, &at);
	if (wrong) {
		complain("the pipeline has %s, at character %zu: %s", wrong,
			 at + 1, text + at);
		return STATUS_USAGE;
	}
	if (ctx >= 0) {
		status = ask_bodies(c);
		if (status)
			return status;
	}
	/* Two more, for standard input and output. */
	c->stage = calloc(c->pipeline.count + 2, sizeof(*c->stage));
	if (!c->stage)
		return failed("out of memory");
	/* The first place stays free until it is known whether it is needed. */
	c->count = c->pipeline.count + 1;
	for (i = 0; i < c->pipeline.count; i++) {
		status = fill_stage(c, i, &c->stage[i + 1]);
		if (status)
			return STATUS_USAGE;
	}
	status = STATUS_OK;
	if (c->stage[c->count - 1].shape.sends)
		status = fill_stdio(&c->stage[c->count++], "file-sink");
	if (!status && c->stage[1].shape.takes)
		return fill_stdio(&c->stage[0], "file-source");
	memmove(c->stage, c->stage + 1, --c->count * sizeof(*c->stage));
	return status;
}

static int open_file(struct stage *s)
{
	bool reads = s->shape.file == READS_FILE;
	char label[64];

	if (s->file < 0 && strcmp(s->path, "-")) {
		s->file = reads ? open(s->path, O_RDONLY | O_CLOEXEC) :
				  open(s->path,
				       O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
				       0666);
		if (s->file < 0)
			return failed("%s: %s: %s",
				      stage_label(s, label, sizeof(label)),
				      s->path, strerror(errno));
		return STATUS_OK;
	}
	s->file = reads ? STDIN_FILENO : STDOUT_FILENO;
	/* A shell can start programs without them. */
	if (fcntl(s->file, F_GETFD) < 0)
		return failed("%s: %s is closed",
			      stage_label(s, label, sizeof(label)),
			      reads ? STDIO_LABEL_INPUT : STDIO_LABEL_OUTPUT);
	return STATUS_OK;
}

int chain_open(struct chain *c)
{
	int status;
	size_t i;

	for (i = 0; i < c->count; i++) {
		if (!c->stage[i].shape.file)
			continue;
		status = open_file(&c->stage[i]);
		if (status)
			return status;
	}
	return STATUS_OK;
}

void chain_free(struct chain *c)
{
	size_t i;

	for (i = 0; i < c->count; i++) {
		if (c->stage[i].shape.file && !IS_STDIO(c->stage[i].file))
			close(c->stage[i].file);
		free(c->stage[i].args);
	}
	free(c->stage);
	free(c->bodies);
	pipeline_free(&c->pipeline);
	memset(c, 0, sizeof(*c));
}
