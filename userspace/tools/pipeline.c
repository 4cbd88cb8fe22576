// SPDX-License-Identifier: MIT
/*
 * The parser of pipelines: see pipeline.h for the language.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "pipeline.h"

static const char no_memory[] = "out of memory";

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Appends a stage without words. Returns it, or NULL. */
static struct words *add_stage(struct pipeline *p)
{
	struct words *more;

	more = realloc(p->stage, (p->count + 1) * sizeof(*more));
	if (!more)
		return NULL;
	p->stage = more;
	memset(&more[p->count], 0, sizeof(*more));
	return &more[p->count++];
}

/* Appends a word, which the stage then owns. Returns whether it could. */
static bool add_word(struct words *w, char *word)
{
	char **more;

	more = realloc(w->word, (w->count + 2) * sizeof(*more));
	if (!more)
		return false;
	w->word = more;
	more[w->count++] = word;
	more[w->count] = NULL;
	return true;
}

/*
 * Takes the word at *@s, without its quotes, into *@word.
 * Returns NULL, or what is wrong; *@s is then where.
 */
static const char *take_word(const char **s, char **word)
{
	const char *p = *s;
	char quote = 0, *to;

	/* It only becomes shorter. */
	to = *word = malloc(strlen(p) + 1);
	if (!to)
		return no_memory;
	for (; *p; p++) {
		if (quote) {
			if (*p == quote) {
				quote = 0;
				continue;
			}
			if (quote == '"' && *p == '\\' &&
			    (p[1] == '"' || p[1] == '\\'))
				p++;
		} else if (*p == '\'' || *p == '"') {
			quote = *p;
			*s = p;
			continue;
		} else if (*p == '\\') {
			if (!p[1]) {
				*s = p;
				return "a backslash at the end";
			}
			p++;
		} else if (is_blank(*p) || *p == '|') {
			break;
		}
		*to++ = *p;
	}
	if (quote)
		return "a quote that is not closed";
	*to = '\0';
	*s = p;
	return NULL;
}

const char *pipeline_parse(struct pipeline *p, const char *text, size_t *at)
{
	struct words *stage;
	const char *s = text, *wrong = NULL;
	char *word;

	memset(p, 0, sizeof(*p));
	stage = add_stage(p);
	if (!stage)
		return no_memory;
	while (!wrong) {
		while (is_blank(*s))
			s++;
		if (*s && *s != '|') {
			wrong = take_word(&s, &word);
			if (!wrong && !add_word(stage, word))
				wrong = no_memory;
			if (wrong)
				free(word);
			continue;
		}
		if (!stage->count) {
			wrong = "a stage without a body";
			break;
		}
		if (!*s)
			break;
		stage = add_stage(p);
		if (!stage)
			wrong = no_memory;
		else
			s++;
	}
	*at = s - text;
	return wrong;
}

void pipeline_free(struct pipeline *p)
{
	size_t i, k;

	for (i = 0; i < p->count; i++) {
		for (k = 0; k < p->stage[i].count; k++)
			free(p->stage[i].word[k]);
		free(p->stage[i].word);
	}
	free(p->stage);
	memset(p, 0, sizeof(*p));
}
