/* SPDX-License-Identifier: GPL-2.0 */
/* Bodies by name: see body.c. */
#ifndef KCORO_BODY_H
#define KCORO_BODY_H

#include <linux/kcoro.h>

/* From module init and exit. */
int kcoro_bodies_init(void);
void kcoro_bodies_exit(void);

struct kcoro_body *kcoro_body_get(const char *name);
void kcoro_body_put(struct kcoro_body *body);
u32 kcoro_body_stack_min(const struct kcoro_body *body);
int kcoro_body_list(struct kcoro_body_info *to, u32 room, u32 *total);
bool kcoro_body_name_ok(const char *name);

/* The built-in ones: bodies/NAME.c. */
extern struct kcoro_body kcoro_body_answer;
extern struct kcoro_body kcoro_body_count;
extern struct kcoro_body kcoro_body_echo;
extern struct kcoro_body kcoro_body_file_sink;
extern struct kcoro_body kcoro_body_file_source;
extern struct kcoro_body kcoro_body_gate;
extern struct kcoro_body kcoro_body_lines;
extern struct kcoro_body kcoro_body_match;
extern struct kcoro_body kcoro_body_merge;
extern struct kcoro_body kcoro_body_sieve;
extern struct kcoro_body kcoro_body_sleep;
extern struct kcoro_body kcoro_body_spin;
extern struct kcoro_body kcoro_body_tee;

#endif /* KCORO_BODY_H */
