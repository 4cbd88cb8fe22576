// SPDX-License-Identifier: GPL-2.0
/*
 * file-source: a file's bytes, as messages.
 *
 * Model: each read fills a buffer, which is sent as it is. A read that fills
 * less than half of it (a terminal's line, a pipe's few bytes) is copied into
 * a buffer of its size, so that a queue of short messages takes little memory;
 * the large one is used again.
 */
#include <linux/fs.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "body.h"
#include "stream.h"

#define BYTES_MIN	512

static int file_source_check(struct kcoro_env *env)
{
	u32 bytes = KCORO_STREAM_PIECE;
	int err;

	err = kcoro_stream_option(env, "-b", BYTES_MIN, KCORO_BUF_MAX, &bytes);
	if (err)
		return err;
	err = kcoro_stream_check_end(env, 1, KCORO_SEND);
	if (err)
		return err;
	env->priv = (void *)(unsigned long)bytes;
	return kcoro_env_check_file(env, 0, FMODE_READ);
}

static int file_source_run(struct kcoro_env *env)
{
	struct kcoro_chan *out = kcoro_env_chan(env, 1, KCORO_SEND);
	u32 bytes = min_t(u32, (unsigned long)env->priv, kcoro_stream_room(out));
	struct kcoro_buf *buf = NULL;
	ssize_t got;
	int err = 0;

	do {
		struct kcoro_buf *msg;

		if (!buf)
			buf = kcoro_buf_alloc(bytes, GFP_KERNEL_ACCOUNT);
		if (!buf)
			return -ENOMEM;
		got = kcoro_env_read(env, 0, buf->data, bytes);
		if (got <= 0)
			break;
		msg = buf;
		if (got < bytes / 2) {
			msg = kcoro_buf_alloc(got, GFP_KERNEL_ACCOUNT);
			if (!msg) {
				err = -ENOMEM;
				break;
			}
			memcpy(msg->data, buf->data, got);
		} else {
			buf = NULL;
		}
		msg->len = got;
		err = kcoro_stream_send(env, out, msg);
		if (!err)
			env->result += got;
		kcoro_stream_polite();
	} while (!err);
	kcoro_buf_free(buf);

	if (err || !got)
		return err;
	if (got != -ECANCELED)
		kcoro_env_fail(env, got, "read error after %lld bytes",
			       env->result);
	return got;
}

struct kcoro_body kcoro_body_file_source = {
	.name = "file-source",
	.help = "[-b BYTES]; file, out: the file's bytes in messages of up to BYTES (65536)",
	.owner = THIS_MODULE,
	.slots_min = 2,
	.slots_max = 2,
	.check = file_source_check,
	.run = file_source_run,
};
