/* SPDX-License-Identifier: GPL-2.0 */
/* Bubbles of programs: see bubble_fd.c. */
#ifndef KCORO_BUBBLE_FD_H
#define KCORO_BUBBLE_FD_H

struct file;
struct kcoro_bubble;
struct kcoro_call;
struct kcoro_ctx;

struct kcoro_bubble *kcoro_bubble_fd_get(struct kcoro_ctx *ctx);
int kcoro_bubble_fd_refuses(struct kcoro_ctx *ctx);
int kcoro_bubble_fd_fill(struct kcoro_ctx *ctx, int (*publish)(void *data),
			 void *data);
void kcoro_bubble_fd_kill(struct kcoro_ctx *ctx);
void kcoro_bubble_fd_free(struct kcoro_ctx *ctx);
const char *kcoro_bubble_fd_state(const struct kcoro_ctx *ctx);

int kcoro_ioc_bubble(struct file *file, struct kcoro_call *call);
int kcoro_ioc_bubble_run(struct file *file, struct kcoro_call *call);

#endif /* KCORO_BUBBLE_FD_H */
