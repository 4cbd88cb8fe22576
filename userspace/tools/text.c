// SPDX-License-Identifier: MIT
/*
 * Formats and parsers of values: see text.h.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

void text_escape(char *to, size_t size, const char *from, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	char *end = to + size - 1;
	unsigned char c;
	size_t i;

	for (i = 0; i < len && from[i]; i++) {
		c = from[i];
		if (c >= ' ' && c < 0x7f && c != '\\') {
			if (to == end)
				break;
			*to++ = c;
		} else {
			if (end - to < 4)
				break;
			*to++ = '\\';
			*to++ = 'x';
			*to++ = hex[c >> 4];
			*to++ = hex[c & 15];
		}
	}
	*to = '\0';
}

const char *text_bytes(char *buf, uint64_t bytes)
{
	static const char units[] = "KMGTPE";
	double d = bytes;
	int i = -1;

	if (bytes < 1024) {
		snprintf(buf, TEXT_SIZE, "%" PRIu64, bytes);
		return buf;
	}
	while (d >= 1024 && i < 5) {
		d /= 1024;
		i++;
	}
	snprintf(buf, TEXT_SIZE, d < 100 ? "%.1f%c" : "%.0f%c", d, units[i]);
	return buf;
}

const char *text_time(char *buf, uint64_t ns)
{
	uint64_t s = ns / 1000000000;

	if (ns < 1000)
		snprintf(buf, TEXT_SIZE, "%" PRIu64 "ns", ns);
	else if (ns < 1000000)
		snprintf(buf, TEXT_SIZE, "%" PRIu64 "us", ns / 1000);
	else if (ns < 1000000000)
		snprintf(buf, TEXT_SIZE, "%" PRIu64 "ms", ns / 1000000);
	else if (s < 60)
		snprintf(buf, TEXT_SIZE, "%.2fs", ns / 1e9);
	else if (s < 3600)
		snprintf(buf, TEXT_SIZE, "%" PRIu64 "m%02us", s / 60,
			 (unsigned int)(s % 60));
	else if (s < 86400)
		snprintf(buf, TEXT_SIZE, "%" PRIu64 "h%02um", s / 3600,
			 (unsigned int)(s / 60 % 60));
	else
		snprintf(buf, TEXT_SIZE, "%" PRIu64 "d%02uh", s / 86400,
			 (unsigned int)(s / 3600 % 24));
	return buf;
}

/* Parses digits at *@s, any base that C has, and moves it after them. */
static bool take_number(const char **s, uint64_t *value)
{
	unsigned long long v;
	char *end;

	/* strtoull() takes blanks and a sign, which make no sense here. */
	if (**s < '0' || **s > '9')
		return false;
	errno = 0;
	v = strtoull(*s, &end, 0);
	if (errno)
		return false;
	*s = end;
	*value = v;
	return true;
}

bool parse_u64(const char *s, uint64_t min, uint64_t max, uint64_t *value)
{
	return take_number(&s, value) && !*s && *value >= min && *value <= max;
}

bool parse_size(const char *s, uint64_t min, uint64_t max, uint64_t *value)
{
	static const char units[] = "KMG";
	const char *unit;
	int shift = 0;

	if (!take_number(&s, value))
		return false;
	if (*s) {
		unit = strchr(units, *s == 'k' ? 'K' : *s);
		if (!unit || s[1])
			return false;
		shift = 10 * (unit - units + 1);
	}
	if (*value > UINT64_MAX >> shift)
		return false;
	*value <<= shift;
	return *value >= min && *value <= max;
}

bool parse_time(const char *s, int64_t *ns)
{
	static const struct {
		const char *unit;
		double ns;
	} units[] = {
		{ "ns", 1 }, { "us", 1e3 }, { "ms", 1e6 },   { "s", 1e9 },
		{ "", 1e9 }, { "m", 60e9 }, { "h", 3600e9 },
	};
	double d;
	char *end;
	size_t i;

	if ((*s < '0' || *s > '9') && *s != '.')
		return false;
	errno = 0;
	d = strtod(s, &end);
	if (errno || end == s)
		return false;
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(end, units[i].unit))
			continue;
		d *= units[i].ns;
		/* About 292 years; also not infinite, not NaN. */
		if (!(d >= 0 && d < 9.2e18))
			return false;
		*ns = d;
		return true;
	}
	return false;
}
