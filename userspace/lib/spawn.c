// SPDX-License-Identifier: MIT
/*
 * Starting tasks. All variants fill one struct kcoro_spawn.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* The others are the function's to set. */
#define OPTS_FLAGS (KCORO_SPAWN_NO_EXIT | KCORO_SPAWN_PIN | KCORO_SPAWN_THREAD)

/*
 * Packs words into one block: each with its terminating zero.
 * Returns the block, for free(), and its length; NULL if memory ran out.
 */
static char *pack_words(const char *const *argv, size_t *len)
{
	char *block, *p;
	size_t i, n = 0;

	for (i = 0; argv[i]; i++)
		n += strlen(argv[i]) + 1;
	block = malloc(n ? n : 1);
	if (!block)
		return NULL;
	for (i = 0, p = block; argv[i]; i++)
		p = stpcpy(p, argv[i]) + 1;
	*len = n;
	return block;
}

static int copy_name(char *to, const char *from, int missing)
{
	size_t len = strlen(from);

	if (len >= KCORO_NAME_MAX)
		return missing;
	memcpy(to, from, len);
	return 0;
}

/* Completes a request and makes it. Returns 0 or a negative errno value. */
static int request(int ctx, const char *body,
		   const struct kcoro_spawn_opts *opts, struct kcoro_spawn *req)
{
	const void *arg;
	char *words = NULL;
	size_t len;
	int err;

	if (opts->reserved32 || opts->reserved[0] || opts->reserved[1] ||
	    opts->reserved[2] || (opts->flags & ~OPTS_FLAGS) ||
	    (opts->argv && opts->arg))
		return -EINVAL;
	/* No body can have such a name. */
	err = copy_name(req->body, body, -ENOENT);
	if (!err && opts->name)
		err = copy_name(req->name, opts->name, -EINVAL);
	if (err)
		return err;

	arg = opts->arg;
	len = opts->arg_len;
	if (opts->argv) {
		words = pack_words(opts->argv, &len);
		if (!words)
			return -ENOMEM;
		arg = words;
	}
	if (len > UINT32_MAX) {
		free(words);
		return -E2BIG;
	}
	req->arg = len ? kcoro_addr(arg) : 0;
	req->arg_len = len;
	req->fds = opts->nr_fds ? kcoro_addr(opts->fds) : 0;
	req->nr_fds = opts->nr_fds;
	req->flags |= opts->flags;
	req->stack_size = opts->stack_size;
	req->deadline_ns = opts->deadline_ns;
	req->priority = opts->priority;
	req->cpu = opts->cpu;
	err = kcoro_call(ctx, KCORO_IOC_SPAWN, req);
	free(words);
	return err;
}

static int spawn(int ctx, const char *body, const struct kcoro_spawn_opts *opts,
		 uint32_t flags, unsigned int count, uint64_t *ids, int *fds)
{
	static const struct kcoro_spawn_opts defaults;
	struct kcoro_spawn req = {
		.flags = flags,
		.count = count,
		.ids = kcoro_addr(ids),
		.task_fds = kcoro_addr(fds),
	};
	int err;

	if (!opts)
		opts = &defaults;
	err = request(ctx, body, opts, &req);
	if (opts->error)
		*opts->error = err ? err : req.error;
	return err ? err : (int)req.spawned;
}

KCORO_PUBLIC int kcoro_spawn(int ctx, const char *body,
			     const struct kcoro_spawn_opts *opts)
{
	int n, fd = -1;

	n = spawn(ctx, body, opts, KCORO_SPAWN_FD, 1, NULL, &fd);
	return n < 0 ? n : fd;
}

KCORO_PUBLIC int kcoro_spawn_id(int ctx, const char *body,
				const struct kcoro_spawn_opts *opts,
				uint64_t *id)
{
	int n = spawn(ctx, body, opts, 0, 1, id, NULL);

	return n < 0 ? n : 0;
}

KCORO_PUBLIC int kcoro_spawn_many(int ctx, const char *body,
				  const struct kcoro_spawn_opts *opts,
				  unsigned int count, uint64_t *ids)
{
	return spawn(ctx, body, opts, 0, count, ids, NULL);
}

KCORO_PUBLIC int kcoro_spawn_fds(int ctx, const char *body,
				 const struct kcoro_spawn_opts *opts,
				 unsigned int count, uint64_t *ids,
				 int *task_fds)
{
	return spawn(ctx, body, opts, KCORO_SPAWN_FD, count, ids, task_fds);
}
