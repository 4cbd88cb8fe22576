// SPDX-License-Identifier: MIT
/*
 * A writer of JSON: see json.h.
 */
#include <inttypes.h>
#include <string.h>

#include "json.h"

/*
 * Returns the length of the valid UTF-8 sequence at @s (RFC 3629: shortest
 * form, no surrogates, up to U+10FFFF), or 0 if there is none.
 */
static size_t utf8_len(const unsigned char *s, size_t len)
{
	unsigned char min = 0x80, max = 0xbf;
	size_t n, i;

	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		n = 2;
	else if (s[0] >= 0xe0 && s[0] <= 0xef)
		n = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		n = 4;
	else
		return 0;
	if (s[0] == 0xe0)
		min = 0xa0;
	else if (s[0] == 0xed)
		max = 0x9f;
	else if (s[0] == 0xf0)
		min = 0x90;
	else if (s[0] == 0xf4)
		max = 0x8f;
	if (len < n || s[1] < min || s[1] > max)
		return 0;
	for (i = 2; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	}
	return n;
}

static void put_string(FILE *f, const unsigned char *s, size_t len)
{
	static const char plain[] = "\"\\\b\f\n\r\t", letter[] = "\"\\bfnrt";
	const char *p;
	size_t i, n;

	fputc('"', f);
	for (i = 0; i < len; i += n) {
		n = utf8_len(s + i, len - i);
		p = s[i] ? strchr(plain, s[i]) : NULL;
		if (p) {
			fprintf(f, "\\%c", letter[p - plain]);
		} else if (!n) {
			fprintf(f, "\\udc%02x", s[i]);
			n = 1;
		} else if (s[i] < 0x20 || s[i] == 0x7f) {
			fprintf(f, "\\u%04x", s[i]);
		} else {
			fwrite(s + i, 1, n, f);
		}
	}
	fputc('"', f);
}

static void start_value(struct json *j, const char *key)
{
	if (j->comma)
		fputs(", ", j->file);
	j->comma = true;
	if (key) {
		put_string(j->file, (const unsigned char *)key, strlen(key));
		fputs(": ", j->file);
	}
}

void json_open(struct json *j, const char *key, char bracket)
{
	start_value(j, key);
	fputc(bracket, j->file);
	j->comma = false;
}

void json_close(struct json *j, char bracket)
{
	fputc(bracket, j->file);
	j->comma = true;
}

void json_u64(struct json *j, const char *key, uint64_t value)
{
	start_value(j, key);
	fprintf(j->file, "%" PRIu64, value);
}

void json_s64(struct json *j, const char *key, int64_t value)
{
	start_value(j, key);
	fprintf(j->file, "%" PRId64, value);
}

void json_bool(struct json *j, const char *key, bool value)
{
	start_value(j, key);
	fputs(value ? "true" : "false", j->file);
}

void json_str(struct json *j, const char *key, const char *value)
{
	json_bytes(j, key, value, strlen(value));
}

void json_bytes(struct json *j, const char *key, const void *value, size_t len)
{
	start_value(j, key);
	put_string(j->file, value, len);
}

void json_hex(struct json *j, const char *key, const void *value, size_t len)
{
	const unsigned char *p = value;
	size_t i;

	start_value(j, key);
	fputc('"', j->file);
	for (i = 0; i < len; i++)
		fprintf(j->file, "%02x", p[i]);
	fputc('"', j->file);
}

void json_end(struct json *j)
{
	fputc('\n', j->file);
	j->comma = false;
}
