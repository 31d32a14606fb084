/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory map's declarations and the questions that its ranges answer. How
 * ranges are made from declarations is memmap_resolve.c.
 */
#include "mm/memmap.h"

#include <string.h>

#include "lib/error.h"
#include "lib/hooks.h"

#define BUFFER_ALIGN 16u

int fh_memmap_init(struct fh_memmap *map, void *buffer, size_t bytes, unsigned int frame_lg2)
{
	if (frame_lg2 != 12 && frame_lg2 != 14 && frame_lg2 != 16)
		return -EINVAL;
	if (!buffer || !fh_is_aligned((uintptr_t)buffer, BUFFER_ALIGN))
		return -EINVAL;
	*map = (struct fh_memmap){
		.frame_lg2 = frame_lg2,
		.decl = buffer,
		.buffer = buffer,
		.buffer_bytes = bytes,
	};
	return 0;
}

size_t fh_memmap_buffer_bytes(size_t decls, size_t name_bytes)
{
	/* Two indices of scratch a declaration; each begins and ends a range at most. */
	size_t one = sizeof(struct fh_memmap_decl) + 2 * sizeof(uint32_t) +
		     2 * sizeof(struct fh_memmap_range);
	size_t bytes;

	/* All RAM around them, the split of 2^64 bytes in two, and the scratch's alignment. */
	if (__builtin_mul_overflow(decls, one, &bytes) ||
	    __builtin_add_overflow(bytes, name_bytes, &bytes) ||
	    __builtin_add_overflow(bytes, 2 * sizeof(struct fh_memmap_range) + BUFFER_ALIGN,
				   &bytes))
		return SIZE_MAX;
	return bytes;
}

/* A name costs nothing when the declaration before has it too, as in a list of reservations. */
static const char *name_known(const struct fh_memmap *map, const char *by, size_t len)
{
	const char *last;

	if (!map->decl_count)
		return NULL;
	last = map->decl[map->decl_count - 1].by;
	for (size_t i = 0; i < len; i++)
		if (last[i] != by[i])
			return NULL;
	return last;
}

static int add(struct fh_memmap *map, uint64_t base, uint64_t size, enum fh_mem_kind kind,
	       uint32_t numa, const char *by)
{
	size_t room = map->buffer_bytes - map->names_bytes - map->decl_count * sizeof(*map->decl);
	const char *name;
	size_t len = 0;

	if (!size || !by)
		return -EINVAL;
	if (kind != FH_MEM_USABLE && kind != FH_MEM_RESERVED && kind != FH_MEM_NOMAP)
		return -EINVAL;
	if (!fh_range_fits(base, size, 64))
		return -ERANGE;
	while (by[len] != '\0')
		len++;
	len++;
	name = name_known(map, by, len);
	if (room < sizeof(*map->decl) || (!name && room - sizeof(*map->decl) < len))
		return -ENOMEM;
	if (map->decl_count >= UINT32_MAX)
		return -ENOMEM;
	/* From here on the ranges are overwritten. */
	if (!name) {
		map->names_bytes += len;
		name = memcpy(map->buffer + map->buffer_bytes - map->names_bytes, by, len);
	}
	map->decl[map->decl_count++] = (struct fh_memmap_decl){
		.base = base,
		.size = size,
		.kind = kind,
		.numa = numa,
		.by = name,
	};
	map->range = NULL;
	map->range_count = 0;
	map->resolved = false;
	return 0;
}

int fh_memmap_add(struct fh_memmap *map, uint64_t base, uint64_t size, enum fh_mem_kind kind,
		  const char *by)
{
	return add(map, base, size, kind, FH_NUMA_NONE, by);
}

int fh_memmap_add_ram(struct fh_memmap *map, uint64_t base, uint64_t size, uint32_t numa,
		      const char *by)
{
	return add(map, base, size, FH_MEM_USABLE, numa, by);
}

/* Bytes from @low to @last that both belong to the run and are allowed. */
struct window {
	uint64_t low;
	uint64_t last;
};

/* The highest aligned start of @size bytes in @in. */
static bool window_top(const struct window *in, uint64_t size, uint64_t align, uint64_t *start)
{
	uint64_t at;

	if (in->low > in->last || size - 1 > in->last - in->low)
		return false;
	at = fh_align_down(in->last - (size - 1), align);
	if (at < in->low)
		return false;
	*start = at;
	return true;
}

/* Ranges of usable RAM that touch (two banks) serve as one. */
static bool usable_top(const struct fh_memmap *map, uint64_t size, uint64_t align,
		       const struct window *allowed, uint64_t *start)
{
	size_t i = map->range_count;

	while (i > 0) {
		const struct fh_memmap_range *range = &map->range[--i];
		struct window in = { range->base.raw, range->base.raw + (range->size - 1) };

		if (range->kind != FH_MEM_USABLE)
			continue;
		while (i > 0 && range[-1].kind == FH_MEM_USABLE &&
		       range[-1].base.raw + range[-1].size == in.low) {
			range = &map->range[--i];
			in.low = range->base.raw;
		}
		if (in.low < allowed->low)
			in.low = allowed->low;
		if (in.last > allowed->last)
			in.last = allowed->last;
		if (window_top(&in, size, align, start))
			return true;
	}
	return false;
}

int fh_memmap_place(struct fh_memmap *map, uint64_t size, uint64_t align, uint64_t low,
		    uint64_t last, enum fh_mem_kind kind, const char *by, fh_phys_addr_t *placed)
{
	uint64_t frame = UINT64_C(1) << map->frame_lg2;
	struct window allowed = { low, last };
	struct fh_memmap before = *map;
	fh_resource_size_t whole;
	uint64_t start;
	int err;

	if (!size || !fh_is_power_of_two(align) || !by)
		return -EINVAL;
	if (kind != FH_MEM_RESERVED && kind != FH_MEM_NOMAP)
		return -EINVAL;
	if (!fh_resource_size_align_up(fh_resource_size(size), map->frame_lg2, &whole))
		return -ENOSPC;
	if (align < frame)
		align = frame;
	err = map->resolved ? 0 : fh_memmap_resolve(map);
	if (err)
		return err;
	if (!usable_top(map, whole.raw, align, &allowed, &start)) {
		*map = before;
		return -ENOSPC;
	}
	err = fh_memmap_add(map, start, whole.raw, kind, by);
	if (!err)
		err = fh_memmap_resolve(map);
	if (!err) {
		*placed = fh_phys(start);
		return 0;
	}
	*map = before;
	if (before.resolved) {
		/* The same declarations in the same buffer as when it was resolved. */
		int again = fh_memmap_resolve(map);

		FH_BUG_ON(again);
	}
	return err;
}

/* The number of ranges that begin at or below @pa. */
static size_t ranges_up_to(const struct fh_memmap *map, uint64_t pa)
{
	size_t low = 0;
	size_t high = map->range_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (map->range[middle].base.raw <= pa)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct fh_memmap_range fh_memmap_classify(const struct fh_memmap *map, fh_phys_addr_t pa)
{
	size_t next = ranges_up_to(map, pa.raw);
	struct fh_memmap_range hole = { .kind = FH_MEM_NONE, .numa = FH_NUMA_NONE };
	uint64_t last = UINT64_MAX;

	if (next > 0) {
		const struct fh_memmap_range *range = &map->range[next - 1];

		if (pa.raw - range->base.raw < range->size)
			return *range;
		hole.base.raw = range->base.raw + range->size;
	}
	if (next < map->range_count)
		last = map->range[next].base.raw - 1;
	hole.size = last - hole.base.raw;
	if (hole.size != UINT64_MAX)
		hole.size++;
	return hole;
}

bool fh_memmap_first_not_ram(const struct fh_memmap *map, uint64_t base, uint64_t size,
			     fh_phys_addr_t *where)
{
	uint64_t at = base;

	while (size) {
		struct fh_memmap_range range = fh_memmap_classify(map, fh_phys(at));
		uint64_t rest = range.size - (at - range.base.raw);

		if (range.kind != FH_MEM_USABLE && range.kind != FH_MEM_RESERVED) {
			*where = fh_phys(at);
			return true;
		}
		if (rest >= size)
			return false;
		size -= rest;
		at += rest;
		if (at == 0) {
			/* RAM up to 2^64, and nothing is beyond. */
			*where = FH_PHYS_INVALID;
			return true;
		}
	}
	return false;
}

uint64_t fh_memmap_bytes(const struct fh_memmap *map, enum fh_mem_kind kind)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < map->range_count; i++) {
		if (map->range[i].kind != kind)
			continue;
		if (__builtin_add_overflow(sum, map->range[i].size, &sum))
			return UINT64_MAX;
	}
	return sum;
}

const char *fh_mem_kind_name(enum fh_mem_kind kind)
{
	switch (kind) {
	case FH_MEM_NONE:
		return "none";
	case FH_MEM_USABLE:
		return "usable";
	case FH_MEM_RESERVED:
		return "reserved";
	case FH_MEM_NOMAP:
		return "no-map";
	}
	return "unknown";
}

void fh_memmap_print(const struct fh_memmap *map, const struct fh_out *out)
{
	fh_out_str(out, "fh: memmap: ");
	fh_out_pad(out, "range", 16 + 16 + 5);
	fh_out_str(out, "        size  kind      declared by\n");
	for (size_t i = 0; i < map->range_count; i++) {
		const struct fh_memmap_range *range = &map->range[i];

		fh_out_str(out, "fh: memmap: ");
		fh_out_hex(out, range->base.raw, 16);
		fh_out_str(out, "-");
		fh_out_hex(out, range->base.raw + (range->size - 1), 16);
		fh_out_size(out, range->size, 12);
		fh_out_str(out, "  ");
		fh_out_pad(out, fh_mem_kind_name(range->kind), 10);
		fh_out_str(out, range->by);
		if (range->numa != FH_NUMA_NONE) {
			fh_out_str(out, ", node ");
			fh_out_dec(out, range->numa, 0);
		}
		fh_out_str(out, "\n");
	}
}
