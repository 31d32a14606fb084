/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random memory maps against an evaluation that asks every byte of a small
 * space, at three places of the address space; buffers of every size; 100,000 declarations.
 */
#include "mm/memmap.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/error.h"
#include "tests/unit/unit.h"

#define FRAME UINT64_C(4096)
#define SPACE_FRAMES 24u
#define SPACE_BYTES (SPACE_FRAMES * FRAME)
#define DECLS_MAX 14u

static _Alignas(16) unsigned char buffer[4096];
static struct fh_memmap map;

static void add(uint64_t base, uint64_t size, enum fh_mem_kind kind, const char *by)
{
	assert_int_equal(fh_memmap_add(&map, base, size, kind, by), 0);
}

static void resolve(void)
{
	assert_int_equal(fh_memmap_resolve(&map), 0);
	assert_true(map.resolved);
}

static void expect(size_t index, uint64_t base, uint64_t size, enum fh_mem_kind kind,
		   const char *by)
{
	assert_in_range(index + 1, 1, map.range_count);
	assert_true(map.range[index].base.raw == base);
	assert_true(map.range[index].size == size);
	assert_int_equal(map.range[index].kind, kind);
	assert_string_equal(map.range[index].by, by);
}

struct want {
	enum fh_mem_kind kind;
	uint32_t numa;
	const char *by;
};

static unsigned char is_usable[SPACE_BYTES];

/* The first declaration of @kind that touches the frame at @offset from @origin. */
static const struct fh_memmap_decl *first_declarer(uint64_t origin, uint64_t offset,
						   enum fh_mem_kind kind)
{
	for (size_t i = 0; i < map.decl_count; i++) {
		uint64_t first = map.decl[i].base - origin;
		uint64_t last = first + (map.decl[i].size - 1);

		if (map.decl[i].kind == kind && first <= offset + (FRAME - 1) && last >= offset)
			return &map.decl[i];
	}
	return NULL;
}

static void evaluate(uint64_t origin, struct want want[SPACE_FRAMES])
{
	memset(is_usable, 0, sizeof(is_usable));
	for (size_t i = 0; i < map.decl_count; i++)
		if (map.decl[i].kind == FH_MEM_USABLE)
			memset(is_usable + (map.decl[i].base - origin), 1, map.decl[i].size);
	for (uint64_t frame = 0; frame < SPACE_FRAMES; frame++) {
		bool ram = !memchr(is_usable + frame * FRAME, 0, FRAME);
		const struct fh_memmap_decl *decl, *bank;
		struct want *w = &want[frame];

		bank = ram ? first_declarer(origin, frame * FRAME, FH_MEM_USABLE) : NULL;
		decl = first_declarer(origin, frame * FRAME, FH_MEM_NOMAP);
		if (!decl && ram)
			decl = first_declarer(origin, frame * FRAME, FH_MEM_RESERVED);
		if (!decl)
			decl = bank;
		w->kind = decl ? decl->kind : FH_MEM_NONE;
		w->by = decl ? decl->by : NULL;
		w->numa = bank ? bank->numa : FH_NUMA_NONE;
	}
}

static bool want_same(const struct want *a, const struct want *b)
{
	return a->kind == b->kind &&
	       (a->kind == FH_MEM_NONE || (a->numa == b->numa && !strcmp(a->by, b->by)));
}

/* The ranges are the longest runs of frames that are alike, and classify finds each byte's. */
static void compare(uint64_t origin, const struct want want[SPACE_FRAMES])
{
	size_t ranges = 0;
	uint64_t bytes[FH_MEM_NOMAP + 1] = { 0 };

	for (uint64_t first = 0, end; first < SPACE_FRAMES; first = end) {
		uint64_t base = origin + first * FRAME;

		for (end = first + 1; end < SPACE_FRAMES; end++)
			if (!want_same(&want[first], &want[end]))
				break;
		bytes[want[first].kind] += (end - first) * FRAME;
		if (want[first].kind != FH_MEM_NONE)
			expect(ranges++, base, (end - first) * FRAME, want[first].kind,
			       want[first].by);
		for (uint64_t frame = first; frame < end; frame++) {
			uint64_t pa = origin + frame * FRAME + (frame * 977) % FRAME;
			struct fh_memmap_range got = fh_memmap_classify(&map, fh_phys(pa));

			assert_int_equal(got.kind, want[frame].kind);
			assert_int_equal(got.numa, want[frame].numa);
			assert_true(pa - got.base.raw < got.size);
			if (got.kind == FH_MEM_NONE)
				assert_null(got.by);
			else
				assert_true(got.base.raw == base &&
					    got.size == (end - first) * FRAME);
		}
	}
	assert_int_equal(map.range_count, ranges);
	for (size_t kind = FH_MEM_USABLE; kind <= FH_MEM_NOMAP; kind++)
		assert_true(fh_memmap_bytes(&map, (enum fh_mem_kind)kind) == bytes[kind]);
}

/* A byte offset, more often than not at the edge of a frame. */
static uint64_t random_offset(uint64_t *seed, uint64_t end)
{
	uint64_t at = unit_random_below(seed, end);

	if (unit_random_below(seed, 4) != 0)
		at = fh_align_down(at, FRAME) + unit_random_below(seed, 3) - 1;
	return at < end ? at : 0;
}

static void random_decl(uint64_t *seed, uint64_t origin)
{
	static const char *const names[] = { "a", "b", "c", "dd" };
	uint64_t first = random_offset(seed, SPACE_BYTES);
	uint64_t last = random_offset(seed, SPACE_BYTES);
	unsigned int kind = 1 + (unsigned int)unit_random_below(seed, 4);

	if (first > last) {
		uint64_t swap = first;

		first = last;
		last = swap;
	}
	if (kind > FH_MEM_NOMAP)
		kind = FH_MEM_USABLE;
	if (kind != FH_MEM_USABLE && unit_random_below(seed, 2))
		last = first + (last - first) / 8;
	if (kind == FH_MEM_USABLE && unit_random_below(seed, 2))
		assert_int_equal(fh_memmap_add_ram(&map, origin + first, last - first + 1,
						   (uint32_t)unit_random_below(seed, 2), "a"),
				 0);
	else
		add(origin + first, last - first + 1, (enum fh_mem_kind)kind,
		    names[unit_random_below(seed, FH_ARRAY_SIZE(names))]);
}

/* Where a placement must go: the highest aligned run of usable frames, tried one by one. */
static bool naive_place(uint64_t origin, const struct want want[SPACE_FRAMES], uint64_t frames,
			uint64_t align, const uint64_t window[2], uint64_t *at)
{
	for (uint64_t first = SPACE_FRAMES - frames + 1; frames <= SPACE_FRAMES && first-- > 0;) {
		uint64_t base = origin + first * FRAME;
		bool fits = base % align == 0 && base >= window[0] &&
			    base + (frames * FRAME - 1) <= window[1];

		for (uint64_t i = first; i < first + frames; i++)
			fits = fits && want[i].kind == FH_MEM_USABLE;
		if (fits) {
			*at = base;
			return true;
		}
	}
	return false;
}

static void random_place(uint64_t *seed, uint64_t origin, struct want want[SPACE_FRAMES])
{
	uint64_t size = 1 + unit_random_below(seed, 6 * FRAME);
	uint64_t align = UINT64_C(1) << unit_random_below(seed, 16);
	uint64_t window[2] = { origin + random_offset(seed, SPACE_BYTES),
			       origin + random_offset(seed, SPACE_BYTES) };
	fh_phys_addr_t placed = FH_PHYS_INVALID;
	uint64_t at = 0;
	int err;

	if (unit_random_below(seed, 2)) {
		window[0] = 0;
		window[1] = UINT64_MAX;
	}
	err = fh_memmap_place(&map, size, align, window[0], window[1], FH_MEM_RESERVED, "placed",
			      &placed);
	if (!naive_place(origin, want, (size + FRAME - 1) / FRAME, align, window, &at)) {
		assert_int_equal(err, -ENOSPC);
	} else {
		assert_int_equal(err, 0);
		assert_true(placed.raw == at);
	}
	evaluate(origin, want);
	compare(origin, want);
}

static void oracle(void **state)
{
	static const uint64_t origins[] = { 0, UINT64_C(0x8000000000) - 3 * FRAME,
					    0 - SPACE_BYTES };
	uint64_t seed = unit_seed("mm.memmap.oracle");
	struct want want[SPACE_FRAMES];

	(void)state;
	for (unsigned int round = 0; round < 6000; round++) {
		uint64_t origin = origins[round % FH_ARRAY_SIZE(origins)];
		uint64_t decls = 1 + unit_random_below(&seed, DECLS_MAX);

		/* The buffer is no larger than the header promises to be enough. */
		assert_int_equal(
		    fh_memmap_init(&map, buffer,
				   fh_memmap_buffer_bytes(decls + 3, 3 * decls + 3 * 7), 12),
		    0);
		for (uint64_t i = 0; i < decls; i++)
			random_decl(&seed, origin);
		resolve();
		evaluate(origin, want);
		compare(origin, want);
		for (unsigned int i = 0; i < 3; i++)
			random_place(&seed, origin, want);
	}
}

/* Any size of buffer: each call succeeds, or says -ENOMEM and leaves the map as it was. */
static void buffer_full(void **state)
{
	bool all = false;

	(void)state;
	for (size_t bytes = 0; bytes < 1024; bytes++) {
		unsigned char *tight = malloc(bytes + 16);
		unsigned char *start = tight + (-(uintptr_t)tight & 15);
		fh_phys_addr_t placed = FH_PHYS_INVALID;
		size_t decls = 0;
		size_t names = 0;
		int err;

		/* The bytes behind the buffer are not the map's. */
		memset(start, 0xee, bytes + (size_t)(tight + 16 - start));
		assert_int_equal(fh_memmap_init(&map, start, bytes, 12), 0);
		for (uint64_t i = 0; i < 4; i++) {
			char name[] = "node@0";

			name[5] = (char)('0' + i);
			err = fh_memmap_add(&map, 4 * i * FRAME, (6 - i) * FRAME, FH_MEM_USABLE,
					    name);
			assert_true(err == 0 || err == -ENOMEM);
			decls += !err;
			names += err ? 0 : sizeof(name);
			assert_int_equal(map.decl_count, decls);
			assert_int_equal(map.names_bytes, names);
		}
		err = fh_memmap_resolve(&map);
		assert_true(err == 0 || err == -ENOMEM);
		assert_int_equal(map.resolved, !err);
		assert_true(!err || map.range_count == 0);
		if (!err && decls == 4) {
			size_t ranges = map.range_count;

			assert_int_equal(ranges, 4);
			err = fh_memmap_place(&map, FRAME, 1, 0, UINT64_MAX, FH_MEM_RESERVED,
					      "dynamic", &placed);
			assert_true(err == 0 || err == -ENOMEM);
			assert_true(map.resolved);
			assert_int_equal(map.decl_count, err ? 4 : 5);
			if (err) {
				assert_int_equal(map.names_bytes, names);
				assert_int_equal(map.range_count, ranges);
				expect(0, 0, 6 * FRAME, FH_MEM_USABLE, "node@0");
				expect(3, 12 * FRAME, 3 * FRAME, FH_MEM_USABLE, "node@3");
			} else {
				all = true;
				assert_true(placed.raw == 14 * FRAME);
			}
		} else if (decls == 4) {
			err = fh_memmap_place(&map, FRAME, 1, 0, UINT64_MAX, FH_MEM_NOMAP, "d",
					      &placed);
			assert_int_equal(err, -ENOMEM);
			assert_false(map.resolved);
			assert_int_equal(map.decl_count, 4);
		}
		for (unsigned char *end = start + bytes; end < tight + bytes + 16; end++)
			assert_int_equal(*end, 0xee);
		free(tight);
	}
	assert_true(all);
}

static double seconds(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

/* 100,000 declarations in orders that are bad for a naive sort or a naive sweep. */
static void many(void **state)
{
	const uint64_t count = 100000;
	const uint64_t reserved[] = { count - 1, count - 1, 4 * count, 0 };
	size_t bytes = fh_memmap_buffer_bytes(count, 2 * count + 4);
	unsigned char *large = malloc(bytes);

	(void)state;
	assert_non_null(large);
	for (unsigned int shape = 0; shape < 4; shape++) {
		double start = seconds();

		assert_int_equal(fh_memmap_init(&map, large, bytes, 12), 0);
		add(0, 4 * count * FRAME, FH_MEM_USABLE, "ram");
		for (uint64_t i = 0; i < count - 1; i++) {
			uint64_t down = count - i;
			uint64_t mixed = (i * 7919) % count;

			if (shape == 0) /* upwards */
				add(2 * i * FRAME, FRAME, FH_MEM_RESERVED, "r");
			else if (shape == 1) /* downwards */
				add(2 * down * FRAME, FRAME, FH_MEM_RESERVED, "r");
			else if (shape == 2) /* nested, the largest first */
				add(i * FRAME, (4 * count - 2 * i) * FRAME, FH_MEM_RESERVED, "r");
			else
				add(2 * mixed * FRAME, (1 + (i & 1)) * FRAME, FH_MEM_NOMAP,
				    i & 2 ? "s" : "r");
		}
		resolve();
		if (shape == 0)
			assert_int_equal(map.range_count, 2 * (count - 1));
		if (shape == 1)
			assert_int_equal(map.range_count, 2 * (count - 1) + 1);
		if (shape == 2)
			assert_int_equal(map.range_count, 1);
		assert_true(fh_memmap_bytes(&map, FH_MEM_RESERVED) == reserved[shape] * FRAME);
		/* Half a second with sanitizers; quadratic ones take minutes. */
		assert_true(seconds() - start < 20);
	}
	free(large);
}

static const struct CMUnitTest tests[] = {
	UNIT_TEST("mm.memmap.oracle.random", oracle),
	UNIT_TEST("mm.memmap.buffer.full", buffer_full),
	UNIT_TEST("mm.memmap.many.declarations", many),
};

UNIT_MAIN("mm.memmap.oracle", tests)
