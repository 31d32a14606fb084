/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which memory is whose. Declarations of RAM, of reservations and of no-map
 * regions go in, in any order and overlapping; sorted ranges that do not overlap come out:
 *
 *   add(usable)    |--------------- memory@40000000 ---------------|
 *   add(reserved)        |-- /reserved-memory/fw --|
 *   add(no-map)                        |- secure@ -|
 *   resolve        |usable|  reserved  |  no-map   |    usable     |
 *
 * Precedence: no-map > reserved > usable. RAM shrinks to whole frames (after
 * banks that touch were joined), reservations grow to whole frames.
 *
 * Context: one CPU at a time while a map is built; any number of readers afterwards, also in
 * exception handlers.
 */
#ifndef FH_MM_MEMMAP_H
#define FH_MM_MEMMAP_H

#include "lib/out.h"
#include "lib/types.h"
#include "mm/addr.h"

/* What a piece of the address space is. */
enum fh_mem_kind {
	FH_MEM_NONE,	 /* MMIO, holes: no frame, never mapped as memory */
	FH_MEM_USABLE,	 /* RAM that the page allocator may hand out */
	FH_MEM_RESERVED, /* RAM of someone else: mapped, borrowed, never handed out */
	FH_MEM_NOMAP,	 /* never touched, not even speculatively */
};

/* RAM of which nobody said to which NUMA node it belongs, and all that is no RAM. */
#define FH_NUMA_NONE UINT32_MAX

/* One resolved range; whole frames. */
struct fh_memmap_range {
	fh_phys_addr_t base;   /* the first byte */
	uint64_t size;	       /* bytes, never 0; the range may end at 2^64 */
	enum fh_mem_kind kind; /* never FH_MEM_NONE, but for the answer about a hole */
	uint32_t numa;	       /* of the RAM, whoever reserved it; FH_NUMA_NONE when nobody said */
	const char *by;	       /* what declared it; of several, the first that was added */
};

/* One declaration as it was added. */
struct fh_memmap_decl {
	uint64_t base;	       /* physical address, any alignment */
	uint64_t size;	       /* bytes */
	enum fh_mem_kind kind; /* never FH_MEM_NONE */
	uint32_t numa;	       /* as in a range */
	const char *by;	       /* what declared it: the map's own copy */
};

/**
 * struct fh_memmap - A memory map. All storage is the caller's buffer.
 *
 * The fields are for reading: @range[0..@range_count) after fh_memmap_resolve(),
 * @decl[0..@decl_count) at any time. Pointers into either are valid until the next
 * fh_memmap_add(), _resolve() or _place().
 * @frame_lg2: log2 of the frame size.
 * @decl: declarations, in the order in which they were added.
 * @decl_count: how many.
 * @range: ranges, in the order of their addresses; NULL when the map is not resolved.
 * @range_count: how many.
 * @resolved: there are ranges, and they are of all declarations.
 * @buffer, @buffer_bytes, @names_bytes: for the functions below alone.
 */
struct fh_memmap {
	unsigned int frame_lg2;
	struct fh_memmap_decl *decl;
	size_t decl_count;
	struct fh_memmap_range *range;
	size_t range_count;
	bool resolved;
	/* the buffer: declarations grow from its start, names from its end, ranges lie between */
	unsigned char *buffer;
	size_t buffer_bytes;
	size_t names_bytes;
};

/**
 * fh_memmap_init() - Start an empty map.
 * @buffer: storage for everything the map will hold, aligned to 16.
 * @bytes: its size; fh_memmap_buffer_bytes() says how much is enough.
 * @frame_lg2: log2 of the frame size: 12, 14 or 16.
 *
 * Ownership: the buffer stays the caller's, and is the map's alone as long as that is used.
 * Return: 0, or -EINVAL for another @frame_lg2, a NULL or misaligned buffer. On error nothing was
 *         written.
 */
int fh_memmap_init(struct fh_memmap *map, void *buffer, size_t bytes, unsigned int frame_lg2);

/**
 * fh_memmap_buffer_bytes() - How large a buffer is enough, whatever lies where.
 * @decls: how often fh_memmap_add(), _add_ram() and _place() will be called.
 * @name_bytes: bytes of their names with a NUL each.
 *
 * Return: bytes; SIZE_MAX when there is no such number.
 */
size_t fh_memmap_buffer_bytes(size_t decls, size_t name_bytes);

/**
 * fh_memmap_add() - Declare [@base, @base + @size) to be of @kind.
 * @base: physical address, any alignment.
 * @size: bytes, at least 1; @base + @size may be exactly 2^64.
 * @kind: not FH_MEM_NONE.
 * @by: who says so (node path, "memreserve", "kernel image", ...); copied.
 *
 * Return: 0, -EINVAL (size 0, kind, no name), -ERANGE (ends beyond 2^64), -ENOMEM (the buffer
 *         is full). On error the map is as it was; else it has no ranges until it is resolved.
 */
int fh_memmap_add(struct fh_memmap *map, uint64_t base, uint64_t size, enum fh_mem_kind kind,
		  const char *by);

/**
 * fh_memmap_add_ram() - Declare [@base, @base + @size) to be usable RAM of a NUMA node.
 * @base: physical address, any alignment.
 * @size: bytes, at least 1; @base + @size may be exactly 2^64.
 * @numa: the node; FH_NUMA_NONE when it is not known.
 * @by: who says so; copied.
 *
 * Return: as fh_memmap_add().
 */
int fh_memmap_add_ram(struct fh_memmap *map, uint64_t base, uint64_t size, uint32_t numa,
		      const char *by);

/**
 * fh_memmap_resolve() - Make the ranges from the declarations.
 *
 * A reservation counts only where there is RAM; a no-map region counts everywhere.
 * Neighbours of one kind, NUMA node and declarer are one range (only the whole address space is
 * two, because 2^64 bytes have no size). May be called again after more declarations. Time:
 * O(n log n).
 * Return: 0 or -ENOMEM (no ranges then, declarations unchanged).
 */
int fh_memmap_resolve(struct fh_memmap *map);

/**
 * fh_memmap_place() - Find usable RAM for a dynamic reservation and declare it.
 * @size: bytes, at least 1; grows to whole frames.
 * @align: bytes, a power of two; grows to a frame.
 * @low: lowest address allowed.
 * @last: last byte allowed, e.g. UINT64_MAX.
 * @kind: FH_MEM_RESERVED or FH_MEM_NOMAP.
 * @by: as in fh_memmap_add().
 * @placed: gets the address where it was put, on success only.
 *
 * Takes the highest place that fits (banks that touch serve as one), and resolves the map.
 * Return: 0, -EINVAL (size 0, alignment, kind, no name), -ENOSPC (no usable RAM holds it),
 *         -ENOMEM. On error the map is as it was.
 * Source: Devicetree Specification v0.4, 3.5.2.
 */
int fh_memmap_place(struct fh_memmap *map, uint64_t size, uint64_t align, uint64_t low,
		    uint64_t last, enum fh_mem_kind kind, const char *by, fh_phys_addr_t *placed);

/**
 * fh_memmap_classify() - Whose is this address?
 * @pa: any physical address at all.
 *
 * Return: the range it lies in; outside all of them FH_MEM_NONE with the extent of the hole
 *         and @by NULL. (A hole that is the whole address space has size UINT64_MAX.)
 * Context: any, once the map is resolved. Time: O(log ranges).
 */
struct fh_memmap_range fh_memmap_classify(const struct fh_memmap *map, fh_phys_addr_t pa);

/**
 * fh_memmap_first_not_ram() - Where does [@base, @base + @size) leave the RAM that we may touch?
 * @base: physical address.
 * @size: bytes.
 * @where: gets the first byte that is neither usable nor reserved.
 *
 * Return: true when there is such a byte (*@where is FH_PHYS_INVALID when all is RAM up to 2^64 but
 *         the end lies beyond); false when all is RAM, and for @size 0: *@where is as it was then.
 */
bool fh_memmap_first_not_ram(const struct fh_memmap *map, uint64_t base, uint64_t size,
			     fh_phys_addr_t *where);

/**
 * fh_memmap_bytes() - How much of a @kind there is in the whole map.
 *
 * Return: bytes; UINT64_MAX for 2^64; 0 for FH_MEM_NONE and before the map is resolved.
 */
uint64_t fh_memmap_bytes(const struct fh_memmap *map, enum fh_mem_kind kind);

/**
 * fh_mem_kind_name() - The printable name of a @kind.
 *
 * Return: "usable", "reserved", "no-map" or "none"; "unknown" for a number that is no kind. Never
 *         NULL.
 */
const char *fh_mem_kind_name(enum fh_mem_kind kind);

/**
 * fh_memmap_print() - Write a table of all ranges.
 *
 * A line each: range, size, kind, declared by, NUMA node where one is known; each line, also that
 * of the headings, starts with "fh: memmap: ".
 */
void fh_memmap_print(const struct fh_memmap *map, const struct fh_out *out);

#endif
