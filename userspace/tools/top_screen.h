/* SPDX-License-Identifier: MIT */
/*
 * kcoro top on a terminal.
 */
#ifndef TOP_SCREEN_H
#define TOP_SCREEN_H

#include "top_view.h"

/*
 * Whether standard input and output are a terminal on which one can draw: one
 * that curses knows, and that can put its cursor anywhere.
 */
bool top_screen_fits(void);

/* Draws and takes keys until the user has had enough. Returns a status. */
int top_screen(struct top *t);

#endif /* TOP_SCREEN_H */
