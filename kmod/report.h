/* SPDX-License-Identifier: GPL-2.0 */
/* Tasks named in the kernel's reports: see report.c. */
#ifndef KCORO_REPORT_H
#define KCORO_REPORT_H

int kcoro_report_init(void);
void kcoro_report_exit(void);

#endif /* KCORO_REPORT_H */
