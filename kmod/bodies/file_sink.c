// SPDX-License-Identifier: GPL-2.0
/* file-sink: messages, as bytes of a file. */
#include <linux/fs.h>

#include "body.h"
#include "stream.h"

static int file_sink_check(struct kcoro_env *env)
{
	int err = kcoro_stream_no_words(env);

	if (err)
		return err;
	err = kcoro_stream_check_end(env, 0, KCORO_RECV);
	if (err)
		return err;
	return kcoro_env_check_file(env, 1, FMODE_WRITE);
}

static int file_sink_run(struct kcoro_env *env)
{
	struct kcoro_chan *in = kcoro_env_chan(env, 0, KCORO_RECV);
	struct kcoro_buf *buf;
	int ret;

	while ((ret = kcoro_recv_buf(in, &buf, KCORO_FOREVER)) > 0) {
		ssize_t done = kcoro_env_write(env, 1, buf->data, buf->len);

		kcoro_buf_free(buf);
		if (done < 0) {
			if (done != -ECANCELED && done != -EPIPE)
				kcoro_env_fail(env, done,
					       "write error after %lld bytes",
					       env->result);
			return done;
		}
		env->result += done;
		kcoro_stream_polite();
	}
	return ret;
}

struct kcoro_body kcoro_body_file_sink = {
	.name = "file-sink",
	.help = "in, file: writes every message to the file; results in the number of bytes",
	.owner = THIS_MODULE,
	.slots_min = 2,
	.slots_max = 2,
	.check = file_sink_check,
	.run = file_sink_run,
};
