/* SPDX-License-Identifier: GPL-2.0 */
/* Values of tasks: see value.c. */
#ifndef KCORO_VALUE_H
#define KCORO_VALUE_H

struct kcoro_value;

struct kcoro_value *kcoro_value_get(struct kcoro_value *value);
void kcoro_value_put(struct kcoro_value *value);

#endif /* KCORO_VALUE_H */
