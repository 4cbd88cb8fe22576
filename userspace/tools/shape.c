// SPDX-License-Identifier: MIT
/*
 * The bodies of the module, as stages of a chain.
 */
#include <string.h>

#include "shape.h"

static const struct shape shapes[] = {
	{ .body = "file-source",
	  .sends = true,
	  .file = READS_FILE,
	  .options = "+b:" },
	{ .body = "lines", .takes = true, .sends = true },
	{ .body = "match", .takes = true, .sends = true },
	{ .body = "echo", .takes = true, .sends = true },
	{ .body = "tee", .takes = true, .sends = true },
	{ .body = "merge", .takes = true, .sends = true },
	{ .body = "count", .takes = true, .gives = GIVES_COUNTS },
	{ .body = "file-sink",
	  .takes = true,
	  .file = WRITES_FILE,
	  .options = "+" },
	{ .body = "sieve",
	  .gives = GIVES_RESULT,
	  .alone = "its numbers are no buffers" },
	{ .body = "gate", .alone = "it takes an event or a semaphore as well" },
	{ .body = "sleep", .alone = "it takes and sends no messages" },
	{ .body = "spin", .alone = "it takes and sends no messages" },
};

const struct shape *shape_find(const char *body)
{
	size_t i;

	for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		if (!strcmp(shapes[i].body, body))
			return &shapes[i];
	}
	return NULL;
}

void shape_guess(struct shape *s, const struct kcoro_body_info *body,
		 bool first, bool last)
{
	uint32_t ends;

	memset(s, 0, sizeof(*s));
	/* Inside the chain there is no choice. */
	s->takes = !first;
	s->sends = !last;
	ends = s->takes + s->sends;
	/* At its ends what the body wants besides is given to it. */
	if (!s->takes && ends < body->fds_min) {
		s->takes = true;
		ends++;
	}
	if (!s->sends && ends < body->fds_min)
		s->sends = true;
	s->gives = s->sends ? GIVES_NOTHING : GIVES_RESULT;
}
