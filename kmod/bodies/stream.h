/* SPDX-License-Identifier: GPL-2.0 */
/* What the built-in bodies share: see stream.c. */
#ifndef KCORO_STREAM_H
#define KCORO_STREAM_H

#include <linux/kcoro.h>

/* The default for messages made of a byte stream. */
#define KCORO_STREAM_PIECE	65536

int kcoro_stream_number(const char *word, u32 min, u32 max, u32 *number);
int kcoro_stream_only_number(const struct kcoro_env *env, u32 min, u32 max,
			     u32 *number);
int kcoro_stream_option(const struct kcoro_env *env, const char *option,
			u32 min, u32 max, u32 *number);
int kcoro_stream_no_words(const struct kcoro_env *env);
int kcoro_stream_check_end(const struct kcoro_env *env, u32 slot, u32 end);
u32 kcoro_stream_room(const struct kcoro_chan *chan);
int kcoro_stream_send(struct kcoro_env *env, struct kcoro_chan *chan,
		      struct kcoro_buf *buf);
void kcoro_stream_free_priv(struct kcoro_env *env);

/* Once for each message: channel calls that need not wait do not yield. */
static inline void kcoro_stream_polite(void)
{
	if (kcoro_should_yield())
		kcoro_yield();
}

#endif /* KCORO_STREAM_H */
