/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From declarations to ranges: a sweep over frame numbers, upwards, which stops
 * wherever a declaration begins or ends.
 *
 *   order    declarations sorted by base, so that the sweep meets them in turn
 *   active   for each kind a heap of the declarations met, least index on top; what has
 *            ended leaves when it comes to the top
 *   ram      the stretch of whole RAM frames at or after the sweep's position; banks are
 *            joined byte by byte before they shrink to frames
 *
 * Frame numbers are at most 2^52, so that an end at 2^64 needs no care after the first division.
 * O(n log n) time, eight bytes a declaration of scratch at the end of the gap in the buffer.
 */
#include "mm/memmap.h"

#include "lib/error.h"

#define NO_FRAME UINT64_MAX
/* Half of all addresses: the whole has no size in 64 bits. */
#define HALF_SPACE (UINT64_C(1) << 63)

/* A heap of indices of declarations, least on top: of several declarers the first added counts. */
struct heap {
	uint32_t *index;
	size_t count;
};

struct sweep {
	struct fh_memmap *map;
	unsigned int lg2;
	uint32_t *order;
	size_t next; /* in @order */
	struct heap active[FH_MEM_NOMAP + 1];
	size_t ram_next; /* in @order */
	uint64_t ram_first;
	uint64_t ram_end;
	size_t range_max;
};

static void heap_push(struct heap *heap, uint32_t value)
{
	size_t at = heap->count++;

	while (at > 0 && heap->index[(at - 1) / 2] > value) {
		heap->index[at] = heap->index[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	heap->index[at] = value;
}

static void heap_pop(struct heap *heap)
{
	uint32_t value = heap->index[--heap->count];
	size_t at = 0;
	size_t child;

	while ((child = 2 * at + 1) < heap->count) {
		if (child + 1 < heap->count && heap->index[child + 1] < heap->index[child])
			child++;
		if (heap->index[child] >= value)
			break;
		heap->index[at] = heap->index[child];
		at = child;
	}
	heap->index[at] = value;
}

static bool begins_after(const struct fh_memmap *map, uint32_t a, uint32_t b)
{
	return map->decl[a].base > map->decl[b].base;
}

/* Let @order[at] sink in the heap (last base on top) of the first @count entries. */
static void order_sink(const struct fh_memmap *map, uint32_t *order, size_t at, size_t count)
{
	uint32_t value = order[at];
	size_t child;

	while ((child = 2 * at + 1) < count) {
		if (child + 1 < count && begins_after(map, order[child + 1], order[child]))
			child++;
		if (!begins_after(map, order[child], value))
			break;
		order[at] = order[child];
		at = child;
	}
	order[at] = value;
}

/* Heapsort: in place, and no input makes it quadratic. */
static void order_sort(const struct fh_memmap *map, uint32_t *order)
{
	size_t count = map->decl_count;

	for (size_t i = 0; i < count; i++)
		order[i] = (uint32_t)i;
	for (size_t i = count / 2; i > 0; i--)
		order_sink(map, order, i - 1, count);
	for (size_t i = count; i > 1; i--) {
		uint32_t last = order[0];

		order[0] = order[i - 1];
		order[i - 1] = last;
		order_sink(map, order, 0, i - 1);
	}
}

/* The frames that a declaration touches: [first, end). */
static uint64_t decl_first(const struct sweep *sweep, uint32_t index)
{
	return sweep->map->decl[index].base >> sweep->lg2;
}

static uint64_t decl_end(const struct sweep *sweep, uint32_t index)
{
	const struct fh_memmap_decl *decl = &sweep->map->decl[index];

	return ((decl->base + (decl->size - 1)) >> sweep->lg2) + 1;
}

/* Find the next bank, joined from all that touch, that holds a whole frame. */
static void ram_advance(struct sweep *sweep)
{
	const struct fh_memmap *map = sweep->map;
	uint64_t mask = (UINT64_C(1) << sweep->lg2) - 1;
	uint64_t base = 0;
	uint64_t last = 0;
	bool found = false;

	sweep->ram_first = NO_FRAME;
	sweep->ram_end = NO_FRAME;
	for (;; sweep->ram_next++) {
		const struct fh_memmap_decl *decl = NULL;

		if (sweep->ram_next < map->decl_count) {
			decl = &map->decl[sweep->order[sweep->ram_next]];
			if (decl->kind != FH_MEM_USABLE)
				continue;
		}
		if (found && (!decl || (decl->base > last && decl->base - last > 1))) {
			uint64_t first = (base >> sweep->lg2) + ((base & mask) != 0);
			uint64_t end = (last >> sweep->lg2) + ((last & mask) == mask);

			if (first < end) {
				sweep->ram_first = first;
				sweep->ram_end = end;
				return;
			}
			found = false;
		}
		if (!decl)
			return;
		if (!found) {
			base = decl->base;
			last = base;
			found = true;
		}
		if (decl->base + (decl->size - 1) > last)
			last = decl->base + (decl->size - 1);
	}
}

/* Take in what begins at @frame or before, let go what has ended there. */
static void sweep_to(struct sweep *sweep, uint64_t frame)
{
	const struct fh_memmap *map = sweep->map;

	while (sweep->next < map->decl_count &&
	       decl_first(sweep, sweep->order[sweep->next]) <= frame) {
		uint32_t index = sweep->order[sweep->next++];

		heap_push(&sweep->active[map->decl[index].kind], index);
	}
	for (size_t kind = FH_MEM_USABLE; kind <= FH_MEM_NOMAP; kind++) {
		struct heap *heap = &sweep->active[kind];

		while (heap->count && decl_end(sweep, heap->index[0]) <= frame)
			heap_pop(heap);
	}
	while (sweep->ram_end <= frame)
		ram_advance(sweep);
}

/* Where the answer may next change; NO_FRAME at the end. */
static uint64_t sweep_next(const struct sweep *sweep, uint64_t frame)
{
	uint64_t next = sweep->ram_first > frame ? sweep->ram_first : sweep->ram_end;

	if (sweep->next < sweep->map->decl_count) {
		uint64_t first = decl_first(sweep, sweep->order[sweep->next]);

		if (first < next)
			next = first;
	}
	for (size_t kind = FH_MEM_USABLE; kind <= FH_MEM_NOMAP; kind++) {
		const struct heap *heap = &sweep->active[kind];

		if (heap->count && decl_end(sweep, heap->index[0]) < next)
			next = decl_end(sweep, heap->index[0]);
	}
	return next;
}

static enum fh_mem_kind sweep_kind(const struct sweep *sweep, uint64_t frame)
{
	if (sweep->active[FH_MEM_NOMAP].count)
		return FH_MEM_NOMAP;
	if (sweep->ram_first > frame)
		return FH_MEM_NONE;
	return sweep->active[FH_MEM_RESERVED].count ? FH_MEM_RESERVED : FH_MEM_USABLE;
}

static bool same_text(const char *a, const char *b)
{
	while (*a == *b && *a != '\0') {
		a++;
		b++;
	}
	return *a == *b;
}

/* Join what @range says to the map: a range of its own, or more of the last one. */
static int range_add(struct sweep *sweep, struct fh_memmap_range range)
{
	struct fh_memmap *map = sweep->map;

	if (map->range_count) {
		struct fh_memmap_range *last = &map->range[map->range_count - 1];

		/* 2^64 bytes have no size: then they stay two ranges. */
		if (last->base.raw + last->size == range.base.raw && last->kind == range.kind &&
		    last->numa == range.numa && last->size + range.size != 0 &&
		    same_text(last->by, range.by)) {
			last->size += range.size;
			return 0;
		}
	}
	if (map->range_count >= sweep->range_max)
		return -ENOMEM;
	map->range[map->range_count++] = range;
	return 0;
}

/* The declaration that counts for what is active of @kind: the first that was added. */
static const struct fh_memmap_decl *sweep_decl(const struct sweep *sweep, enum fh_mem_kind kind)
{
	return &sweep->map->decl[sweep->active[kind].index[0]];
}

/* The frames [@first, @end) are of one kind, one declarer and one NUMA node. */
static int sweep_emit(struct sweep *sweep, uint64_t first, uint64_t end)
{
	struct fh_memmap_range range = {
		.base = fh_phys(first << sweep->lg2),
		.size = (end - first) << sweep->lg2,
		.kind = sweep_kind(sweep, first),
		.numa = FH_NUMA_NONE,
	};
	int err;

	if (range.kind == FH_MEM_NONE)
		return 0;
	range.by = sweep_decl(sweep, range.kind)->by;
	if (sweep->ram_first <= first)
		range.numa = sweep_decl(sweep, FH_MEM_USABLE)->numa;
	if (range.size)
		return range_add(sweep, range);
	range.size = HALF_SPACE;
	err = range_add(sweep, range);
	range.base = fh_phys(HALF_SPACE);
	return err ? err : range_add(sweep, range);
}

static int sweep_run(struct sweep *sweep)
{
	uint64_t at = 0;

	ram_advance(sweep);
	for (;;) {
		uint64_t next;
		int err;

		sweep_to(sweep, at);
		next = sweep_next(sweep, at);
		if (next == NO_FRAME)
			return 0;
		err = sweep_emit(sweep, at, next);
		if (err)
			return err;
		at = next;
	}
}

/* Divide the gap between declarations and names: ranges from its start, scratch at its end. */
static int sweep_init(struct sweep *sweep, struct fh_memmap *map)
{
	size_t used = map->decl_count * sizeof(*map->decl);
	size_t end = (map->buffer_bytes - map->names_bytes) & ~(sizeof(uint32_t) - 1);
	size_t scratch = 2 * map->decl_count * sizeof(uint32_t);
	size_t of_kind[FH_MEM_NOMAP + 1] = { 0 };
	uint32_t *at;

	if (end - used < scratch)
		return -ENOMEM;
	*sweep = (struct sweep){
		.map = map,
		.lg2 = map->frame_lg2,
		.order = (uint32_t *)(void *)(map->buffer + end - scratch),
		.range_max = (end - used - scratch) / sizeof(struct fh_memmap_range),
	};
	at = sweep->order + map->decl_count;
	for (size_t i = 0; i < map->decl_count; i++)
		of_kind[map->decl[i].kind]++;
	for (size_t kind = FH_MEM_USABLE; kind <= FH_MEM_NOMAP; kind++) {
		sweep->active[kind].index = at;
		at += of_kind[kind];
	}
	map->range = (struct fh_memmap_range *)(void *)(map->buffer + used);
	map->range_count = 0;
	return 0;
}

int fh_memmap_resolve(struct fh_memmap *map)
{
	struct sweep sweep;
	int err;

	map->resolved = false;
	err = sweep_init(&sweep, map);
	if (!err) {
		order_sort(map, sweep.order);
		err = sweep_run(&sweep);
	}
	if (err) {
		map->range = NULL;
		map->range_count = 0;
		return err;
	}
	map->resolved = true;
	return 0;
}
