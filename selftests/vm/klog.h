/* SPDX-License-Identifier: GPL-2.0 */
/*
 * klog.h - the kernel's log, brought to the console by user space
 *
 * Why: a message printed in a hard interrupt goes to the serial console at
 * once, which takes locks that lockdep (PROVE_RAW_LOCK_NESTING) does not allow
 * there. The kernel then complains about its own printk ("hrtimer: interrupt
 * took ..." is enough), and lockdep is off for the rest of the run. So only
 * errors go straight to the console (loglevel=4 on the command line); the rest,
 * from the log's beginning on, is read from /dev/kmsg and written there by a
 * thread of PID 1. A panic prints the whole log again (panic_print=32), and a VM
 * that hangs is made to panic by its host (unknown_nmi_panic).
 */
#ifndef KCORO_VM_KLOG_H
#define KCORO_VM_KLOG_H

#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* the command line's loglevel: the kernel itself prints what is below it */
#define KLOG_DIRECT 4
#define KLOG_END "init: end of the log"

static sem_t klog_ended;

/* One record: "PREFIX,SEQ,MICROSECONDS,FLAGS;TEXT\n KEY=VALUE\n..." */
static void klog_print(int console, char *record)
{
	unsigned int prefix;
	unsigned long long us;
	char *text = strchr(record, ';'), *end;

	if (!text || sscanf(record, "%u,%*u,%llu", &prefix, &us) != 2)
		return;
	end = strchr(++text, '\n');
	if (end)
		*end = '\0';
	if (!strcmp(text, KLOG_END))
		sem_post(&klog_ended);
	else if ((prefix & 7) >= KLOG_DIRECT)
		dprintf(console, "[%5llu.%06llu] %s\r\n", us / 1000000,
			us % 1000000, text);
}

static void *klog_thread(void *unused)
{
	int kmsg = open("/dev/kmsg", O_RDONLY | O_CLOEXEC);
	int console = open("/dev/ttyS0", O_WRONLY | O_NOCTTY | O_CLOEXEC);
	char record[8192];
	ssize_t n;

	(void)unused;
	for (;;) {
		n = read(kmsg, record, sizeof(record) - 1);
		if (n < 0 && errno != EPIPE && errno != EINTR)
			return NULL;
		if (n > 0) {
			record[n] = '\0';
			klog_print(console, record);
		}
	}
}

/* From now on the thread prints. */
static void klog_start(void)
{
	pthread_t thread;

	sem_init(&klog_ended, 0, 0);
	pthread_create(&thread, NULL, klog_thread, NULL);
}

/* Wait until all that was logged so far is on the console. */
static void klog_flush(void)
{
	int kmsg = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	struct timespec deadline;

	clock_gettime(CLOCK_REALTIME, &deadline);
	deadline.tv_sec += 10;
	if (kmsg >= 0 && write(kmsg, KLOG_END, strlen(KLOG_END)) > 0)
		sem_timedwait(&klog_ended, &deadline);
	close(kmsg);
}

#endif /* KCORO_VM_KLOG_H */
