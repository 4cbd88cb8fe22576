/* SPDX-License-Identifier: MIT */
/*
 * SIGINT, SIGTERM and SIGHUP: the first one asks the command to cancel its
 * tasks and come to an end, the second one ends the process at once. Its
 * context, and with it all tasks, then end as well.
 */
#ifndef INTERRUPT_H
#define INTERRUPT_H

/* Call once. A signal that is ignored (as by nohup) stays so. */
void interrupt_catch(void);

/* A descriptor that is readable once a signal came. */
int interrupt_fd(void);

/* The signal that came, or 0. */
int interrupt_signal(void);

#endif /* INTERRUPT_H */
