/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory map on paper. A range here is RAM of one kind with all that declared it; in the
 * map a range has one declarer, and no-map goes on where there is no RAM.
 */
#include "report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/error.h"

struct range {
	uint64_t first; /* frames */
	uint64_t end;
	enum fh_mem_kind kind;
};

struct ranges {
	struct range *range;
	size_t count;
	size_t room;
};

static void *must_have(void *memory, size_t bytes)
{
	if (!memory) {
		fprintf(stderr, "fh: memmap: memory: %zu bytes: not to be had (ENOMEM)\n", bytes);
		exit(1);
	}
	return memory;
}

void *must_grow(void *old, size_t bytes)
{
	return must_have(realloc(old, bytes ? bytes : 1), bytes);
}

void *must_alloc(size_t bytes)
{
	return must_have(malloc(bytes ? bytes : 1), bytes);
}

void text_add(struct text *text, const char *more, size_t len)
{
	if (text->room - text->len < len + 1) {
		text->room = 2 * text->room + len + 1;
		text->at = must_grow(text->at, text->room);
	}
	memcpy(text->at + text->len, more, len);
	text->len += len;
	text->at[text->len] = '\0';
}

static void range_add(struct ranges *ranges, struct range range)
{
	struct range *last = ranges->count ? &ranges->range[ranges->count - 1] : NULL;

	if (last && last->kind == range.kind && last->end == range.first) {
		last->end = range.end;
		return;
	}
	if (ranges->count == ranges->room) {
		ranges->room = 2 * ranges->room + 16;
		ranges->range = must_grow(ranges->range, ranges->room * sizeof(range));
	}
	ranges->range[ranges->count++] = range;
}

/* The map of the RAM alone; its storage is to be freed. */
static void *ram_map(const struct fh_memmap *map, struct fh_memmap *ram)
{
	/* One name for all. */
	size_t bytes = fh_memmap_buffer_bytes(map->decl_count, 2 * map->decl_count);
	void *buffer = must_alloc(bytes);
	int err = fh_memmap_init(ram, buffer, bytes, map->frame_lg2);

	for (size_t i = 0; i < map->decl_count && !err; i++)
		if (map->decl[i].kind == FH_MEM_USABLE)
			err = fh_memmap_add(ram, map->decl[i].base, map->decl[i].size,
					    FH_MEM_USABLE, "");
	if (!err)
		err = fh_memmap_resolve(ram);
	if (err) {
		fprintf(stderr, "fh: memmap: ranges: %zu bytes: do not suffice (%s)\n", bytes,
			fh_error_name(err));
		exit(1);
	}
	return buffer;
}

static struct range frames_of(const struct fh_memmap *map, const struct fh_memmap_range *range)
{
	uint64_t first = range->base.raw >> map->frame_lg2;

	return (struct range){ first, first + (range->size >> map->frame_lg2), range->kind };
}

/* Both lists are sorted: one step in the one that ends first. */
static struct ranges ranges_in_ram(const struct fh_memmap *map)
{
	struct ranges ranges = { 0 };
	struct fh_memmap ram;
	void *buffer = ram_map(map, &ram);
	size_t i = 0, j = 0;

	while (i < map->range_count && j < ram.range_count) {
		struct range all = frames_of(map, &map->range[i]);
		struct range in = frames_of(&ram, &ram.range[j]);
		uint64_t first = all.first > in.first ? all.first : in.first;
		uint64_t end = all.end < in.end ? all.end : in.end;

		if (first < end)
			range_add(&ranges, (struct range){ first, end, all.kind });
		if (all.end <= in.end)
			i++;
		if (in.end <= all.end)
			j++;
	}
	free(buffer);
	return ranges;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* All that declared the range to be what it is: unique and sorted. @by has room for all. */
static size_t declarers(const struct fh_memmap *map, const struct range *range, const char **by)
{
	size_t count = 0;
	size_t unique = 0;

	for (size_t i = 0; i < map->decl_count; i++) {
		const struct fh_memmap_decl *decl = &map->decl[i];
		uint64_t first = decl->base >> map->frame_lg2;
		uint64_t last = (decl->base + (decl->size - 1)) >> map->frame_lg2;

		if (decl->kind == range->kind && first < range->end && last >= range->first)
			by[count++] = decl->by;
	}
	qsort(by, count, sizeof(*by), compare_names);
	for (size_t i = 0; i < count; i++)
		if (!unique || strcmp(by[unique - 1], by[i]) != 0)
			by[unique++] = by[i];
	return unique;
}

/* 2^64 bytes have no number of 64 bits: they are 0. */
static void print_size(uint64_t size)
{
	if (size)
		printf("0x%" PRIx64, size);
	else
		printf("0x10000000000000000");
}

void report_table(const struct report *report)
{
	const struct fh_memmap *map = &report->map;
	const char **by;
	struct ranges ranges;

	if (report->error)
		return;
	by = must_alloc(map->decl_count * sizeof(*by));
	ranges = ranges_in_ram(map);
	for (size_t i = 0; i < ranges.count; i++) {
		const struct range *range = &ranges.range[i];
		size_t count = declarers(map, range, by);

		printf("0x%016" PRIx64 "-0x%016" PRIx64 "  %-8s  ", range->first << map->frame_lg2,
		       (range->end << map->frame_lg2) - 1, fh_mem_kind_name(range->kind));
		for (size_t b = 0; b < count; b++)
			printf("%s%s", b ? ", " : "", by[b]);
		printf("\n");
	}
	for (size_t i = 0; i < report->request_count; i++) {
		const struct request *request = &report->request[i];

		if (request->placed)
			printf("dynamic: 0x%" PRIx64 "+", request->base);
		else
			printf("dynamic: not placed: ");
		print_size(request->size);
		printf("  %s\n", request->path);
	}
	free(ranges.range);
	free(by);
}

/* The length of the UTF-8 character at @text, 0 when it is none. RFC 3629, section 4. */
static size_t utf8_bytes(const unsigned char *text)
{
	size_t bytes = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;

	if (text[0] < 0xc2 || text[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < bytes; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	if ((text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] > 0x9f) ||
	    (text[0] == 0xf0 && text[1] < 0x90) || (text[0] == 0xf4 && text[1] > 0x8f))
		return 0;
	return bytes;
}

/* RFC 8259, section 7. A byte of a file's name that is no UTF-8 becomes U+FFFD. */
static void json_string(const char *text, size_t len)
{
	const unsigned char *at = (const unsigned char *)text;
	const unsigned char *end = at + len;

	putchar('"');
	while (at < end) {
		size_t bytes = *at < 0x80 ? 1 : utf8_bytes(at);

		if (*at == '"' || *at == '\\')
			printf("\\%c", *at);
		else if (*at < 0x20)
			printf("\\u%04x", *at);
		else if (!bytes)
			printf("\\ufffd");
		else
			fwrite(at, 1, bytes, stdout);
		at += bytes ? bytes : 1;
	}
	putchar('"');
}

static void json_range(const struct fh_memmap *map, const struct range *range, const char **by)
{
	size_t count = declarers(map, range, by);
	uint64_t size = (range->end - range->first) << map->frame_lg2;

	printf("{\"base\":\"0x%" PRIx64 "\",\"size\":\"", range->first << map->frame_lg2);
	print_size(size);
	printf("\",\"kind\":\"%s\",\"by\":[", fh_mem_kind_name(range->kind));
	for (size_t b = 0; b < count; b++) {
		if (b)
			putchar(',');
		json_string(by[b], strlen(by[b]));
	}
	printf("]}");
}

static void json_ranges(const struct fh_memmap *map)
{
	const char **by = must_alloc(map->decl_count * sizeof(*by));
	struct ranges ranges = ranges_in_ram(map);

	for (size_t i = 0; i < ranges.count; i++) {
		if (i)
			putchar(',');
		json_range(map, &ranges.range[i], by);
	}
	free(ranges.range);
	free(by);
}

static void json_requests(const struct report *report)
{
	for (size_t i = 0; i < report->request_count; i++) {
		const struct request *request = &report->request[i];

		printf("%s{\"by\":", i ? "," : "");
		json_string(request->path, strlen(request->path));
		if (request->placed)
			printf(",\"base\":\"0x%" PRIx64 "\"", request->base);
		else
			printf(",\"base\":null");
		printf(",\"size\":\"");
		print_size(request->size);
		printf("\"}");
	}
}

static void json_lines(const struct text *text)
{
	const char *at = text->at;
	const char *end = at ? strchr(at, '\n') : NULL;

	for (; end; at = end + 1, end = strchr(at, '\n')) {
		if (at != text->at)
			putchar(',');
		json_string(at, (size_t)(end - at));
	}
}

void report_json(const struct report *report)
{
	printf("{\"file\":");
	json_string(report->file, strlen(report->file));
	printf(",\"ranges\":[");
	if (!report->error)
		json_ranges(&report->map);
	printf("],\"dynamic\":[");
	if (!report->error)
		json_requests(report);
	printf("],\"warnings\":[");
	json_lines(&report->warnings);
	printf("],\"error\":");
	if (report->error)
		json_string(report->error, strlen(report->error));
	else
		printf("null");
	printf("}\n");
}
