/* SPDX-License-Identifier: MIT */
/*
 * kcoro chan bench.
 */
#ifndef BENCH_H
#define BENCH_H

#include "command.h"

/* Runs it; argv[0] is "bench". Returns a status. */
int bench_run(const struct command *cmd, int argc, char **argv);

#endif /* BENCH_H */
