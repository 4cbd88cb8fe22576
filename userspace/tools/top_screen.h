/* SPDX-License-Identifier: MIT */
/*
 * kcoro top on a terminal.
 */
#ifndef TOP_SCREEN_H
#define TOP_SCREEN_H

#include "top_view.h"

/* Draws and takes keys until the user has had enough. Returns a status. */
int top_screen(struct top *t);

#endif /* TOP_SCREEN_H */
