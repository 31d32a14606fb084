/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page frames and who owns them.
 *
 *             fh_page_alloc              fh_page_into_phys
 *    FREE  ----------------->  OWNED  -------------------->  HELD (known by its physical
 *          <-----------------         <--------------------       address alone, e.g. linked
 *             fh_page_free               fh_page_from_phys        into a page table)
 *    RESERVED   someone else's RAM: fh_page_borrow_phys() only, forever
 *    (no frame) no-map, MMIO, holes: nothing, ever
 *
 * A struct fh_page * stands for one frame, or for one naturally aligned block of 2^order
 * frames, with a single owner. It is a handle, not the address of anything: it carries the
 * physical address, the order, the instance and whether it is borrowed, and every call checks
 * it against the frame's state. A stale handle is refused until its frame is handed out again.
 * Each illegal step is refused, changes nothing, and is reported.
 *
 * Context: any CPU at any time after fh_frames_init(), without a lock (but for the moment in which
 * memory that was never needed before is first looked at). Not from an exception that may have
 * interrupted another call on the same instance on this CPU; looking, i.e. the calls that take a
 * const instance, is safe there too. Callers at the same time have different cpu_id(). Built with
 * FH_CPU_MAX=1, one CPU alone may call.
 */
#ifndef FH_MM_PAGE_H
#define FH_MM_PAGE_H

#include "lib/fault.h"
#include "lib/ownership.h"
#include "lib/types.h"
#include "mm/addr.h"
#include "mm/memmap.h"

/* The largest order: blocks of 1 GiB with frames of 4 KiB. */
#define FH_ORDER_MAX 18u

struct fh_page; /* never defined: a handle */

/* What may be done with a frame; see the picture above. */
enum fh_frame_state {
	FH_FRAME_NONE,	   /* no frame: no-map, MMIO, a hole */
	FH_FRAME_FREE,	   /* the allocator's */
	FH_FRAME_OWNED,	   /* whose handle it is */
	FH_FRAME_HELD,	   /* who knows its address */
	FH_FRAME_RESERVED, /* someone else's */
};

/* Flag of fh_page_alloc(): all bytes zero; without it the contents are whatever they were. */
#define FH_PAGE_ZERO 1u

/**
 * struct fh_frames_config - What an instance works on.
 * @map: resolved; must outlive the instance and not change.
 * @metadata: storage of at least fh_frames_metadata_bytes(), aligned to 8; the caller's. It lies
 *            in memory that @map does not call usable, and may be full of anything.
 * @metadata_bytes: its size.
 * @direct_offset: virtual address of a byte of RAM minus its physical address (0 when the
 *                 direct map is the identity). All usable and reserved RAM of @map is mapped so.
 * @instance: 0 to 31; goes into the handles, so that pages of another instance are refused.
 * @report: hears of refusals.
 */
struct fh_frames_config {
	const struct fh_memmap *map;
	void *metadata;
	size_t metadata_bytes;
	uintptr_t direct_offset;
	unsigned int instance;
	struct fh_reporter report;
};

struct fh_frames_span; /* runs of RAM close to each other; private */
struct fh_frames_cpu;  /* what a CPU has to itself; private */

/**
 * struct fh_frames - One instance: the frames of one memory map. The caller's storage; the
 * fields are private.
 */
struct fh_frames {
	struct fh_frames_config config;
	unsigned int frame_lg2;
	uint64_t handle_bits; /* low bits of every handle of order 0 that is owned */
	struct fh_frames_cpu *cpu;
	struct fh_frames_span *span;
	size_t span_count;
	uint64_t usable_count;
	uint64_t reserved_count;
	uint64_t *mark_offset;
	_Atomic(uint8_t) *mark;
	bool marks_are_clear;
	_Atomic(uint32_t) lock;
	_Atomic(uint64_t) motion;
	_Atomic(uint64_t) refusals;
	_Atomic(uint64_t) quarantined;
#ifdef FH_TEST_HOOKS
	_Atomic(uint64_t) fail_after; /* allocations until one fails, plus 1; 0 is never */
#endif
};

/* Counters of an instance: frames, but for the last and for refusals. */
struct fh_frames_stats {
	uint64_t frames;	 /* of the four states below */
	uint64_t free;		 /* FH_FRAME_FREE */
	uint64_t owned;		 /* FH_FRAME_OWNED */
	uint64_t held;		 /* FH_FRAME_HELD */
	uint64_t reserved;	 /* FH_FRAME_RESERVED */
	uint64_t refusals;	 /* illegal steps so far; external aborts are none */
	uint64_t quarantined;	 /* of those owned: never handed out again (HARDEN=1) */
	uint64_t metadata_bytes; /* what the instance uses of its storage */
};

/**
 * fh_frames_metadata_bytes() - How much storage an instance on a map needs.
 * @map: resolved.
 *
 * Enough also when the storage is reserved in @map afterwards: 2.1 bits a usable frame and 10.1
 * bits a reserved one, and some hundred bytes for each CPU and each run of RAM; with HARDEN=1, 256
 * bits a frame more.
 * Context: any; the map is only read.
 * Return: bytes.
 */
size_t fh_frames_metadata_bytes(const struct fh_memmap *map);

/**
 * fh_frames_init() - Take charge of all frames of a memory map.
 * @config: copied.
 *
 * Usable frames become FREE, reserved ones RESERVED. Takes time for each range of the map, not for
 * each frame: most of the metadata is written when memory is first needed.
 * Context: nobody else knows @frames yet.
 * Ownership: map and metadata stay the caller's, who leaves them alone as long as the instance is
 * used. There is nothing to give up at its end.
 * Return: 0, -EINVAL (map not resolved, instance above 31, metadata NULL or misaligned), -ENOMEM
 *         (metadata too small), -EBUSY (the metadata lie in usable RAM). On error nothing was
 *         written.
 */
FH_MUST_CHECK int fh_frames_init(struct fh_frames *frames, const struct fh_frames_config *config);

/**
 * fh_page_free() - Give an owned @page back.
 *
 * The caller knows that no walker, TLB or device can still reach it.
 * Ownership: the allocator's; the handle is dead. When refused, as it was.
 * Return: 0; refused: -EINVAL (NULL, no handle of this instance), -EPERM (borrowed, reserved,
 *         not the first frame of a block), -ENOENT (stale, free already, held). With HARDEN=1 also
 *         -EBUSY (mapped), -EIO (the metadata were written to, or the page is in quarantine).
 */
int fh_page_free(struct fh_frames *frames, struct fh_page *page) FH_TAKES(2);

/**
 * fh_page_into_phys() - Turn an owned @page into a bare physical address.
 *
 * Ownership: goes with the address; the frame is HELD and the handle is dead. Whoever stores the
 * address (a descriptor in a page table) is the owner now and the only record.
 * Return: the address of its first byte, or FH_PHYS_INVALID when refused (as fh_page_free()).
 */
FH_MUST_CHECK fh_phys_addr_t fh_page_into_phys(struct fh_frames *frames, struct fh_page *page)
    FH_TAKES(2);

/**
 * fh_page_alloc() - Own a block of 2^@order frames.
 * @order: log2 of the number of frames, 0 to FH_ORDER_MAX.
 * @flags: FH_PAGE_ZERO or 0.
 *
 * Return: an owned page, naturally aligned; NULL when no block is free, or for an order or
 *         flag that does not exist (reported). With HARDEN=1 also NULL (reported) when the metadata
 *         were written to.
 * Ownership: the caller's, until fh_page_free() or fh_page_into_phys().
 */
FH_MUST_CHECK struct fh_page *fh_page_alloc(struct fh_frames *frames, unsigned int order,
					    unsigned int flags) FH_OWNED_BY(fh_page_free, 2)
    FH_OWNED_BY(fh_page_into_phys, 2);

/**
 * struct fh_page_request - More about what is asked for. Zero-initialise it, then:
 * @order: 0 to FH_ORDER_MAX.
 * @flags: FH_PAGE_ZERO or 0.
 * @align_order: the block starts at a multiple of 2^@align_order frames; less than @order asks
 *               for nothing more, FH_ORDER_MAX is the most.
 * @last: the highest byte that the block may have, e.g. UINT32_MAX for a device of 32 address
 *        bits; 0 is any.
 * @on_node: whether @node counts.
 * @node: NUMA node; no other will do.
 */
struct fh_page_request {
	unsigned int order;
	unsigned int flags;
	unsigned int align_order;
	uint64_t last;
	bool on_node;
	uint32_t node;
};

/**
 * fh_page_alloc_request() - fh_page_alloc() of a block that meets a request.
 * @request: needed during the call only.
 *
 * Memory below 4 GiB and below 64 GiB is handed out last to who does not ask for it, so that it is
 * there for devices that reach no further.
 * Ownership: as of fh_page_alloc().
 * Return: as fh_page_alloc(); NULL (reported) for an alignment beyond FH_ORDER_MAX.
 */
FH_MUST_CHECK struct fh_page *fh_page_alloc_request(struct fh_frames *frames,
						    const struct fh_page_request *request)
    FH_OWNED_BY(fh_page_free, 2) FH_OWNED_BY(fh_page_into_phys, 2);

/**
 * fh_page_alloc_many() - Own many frames, each a page of order 0 of its own.
 * @pages: where the handles go, room for @count.
 * @count: frames.
 *
 * Return: how many there are; fewer than @count when memory ran out.
 * Ownership: the caller's, each by itself.
 */
FH_MUST_CHECK size_t fh_page_alloc_many(struct fh_frames *frames, struct fh_page **pages,
					size_t count);

/**
 * fh_page_to_phys() - The physical address of a @page, owned or borrowed.
 *
 * Looks at the handle only.
 * Return: the address of its first byte; FH_PHYS_INVALID (reported) for what is no handle.
 */
fh_phys_addr_t fh_page_to_phys(const struct fh_frames *frames, const struct fh_page *page);

/**
 * fh_page_order() - The order of the block that @page stands for.
 *
 * Looks at the handle only.
 * Return: log2 of the number of frames, 0 to FH_ORDER_MAX; 0 for borrowed frames, and (reported)
 *         for what is no handle.
 */
unsigned int fh_page_order(const struct fh_frames *frames, const struct fh_page *page);

/**
 * fh_page_from_phys() - Take back what fh_page_into_phys() gave away.
 * @pa: the address it returned.
 *
 * Ownership: the caller's.
 * Return: an owned page of the order it had, or NULL (reported) when @pa is not the first
 *         frame of a HELD block.
 */
FH_MUST_CHECK struct fh_page *fh_page_from_phys(struct fh_frames *frames, fh_phys_addr_t pa)
    FH_OWNED_BY(fh_page_free, 2) FH_OWNED_BY(fh_page_into_phys, 2);

/* Does this build count mappings? For who would do more work for it. */
#ifdef FH_HARDEN
#define FH_FRAMES_COUNT_MAPPINGS true
#else
#define FH_FRAMES_COUNT_MAPPINGS false
#endif

/**
 * fh_frames_mapped() - Somebody has mapped memory for a device.
 * @pa: first byte of any range; frames of other owners, and what is no RAM, are passed over.
 * @bytes: its size, at least 1.
 * @at: where @pa is mapped, for the report.
 * @caller: return address of who asked for it, for the report.
 *
 * Built with HARDEN=1, its frames count how often they are mapped, and fh_page_free() of one that
 * is is refused (-EBUSY). In other builds nothing is counted. The page-table engine calls it for
 * its own mappings.
 */
void fh_frames_mapped(struct fh_frames *frames, fh_phys_addr_t pa, uint64_t bytes, uint64_t at,
		      const void *caller);

/**
 * fh_frames_unmapped() - One mapping of each frame of a range is gone.
 * @pa: first byte of a range that fh_frames_mapped() was told of.
 * @bytes: its size, at least 1.
 *
 * TLB: the caller's duty, before the frames are freed.
 */
void fh_frames_unmapped(struct fh_frames *frames, fh_phys_addr_t pa, uint64_t bytes);

/* Why a frame cannot be borrowed. */
enum fh_borrow_refusal {
	FH_BORROW_OK = 0, /* it can */
	FH_BORROW_FREE,	  /* nobody's: the allocator may hand it out at any moment */
	FH_BORROW_NOMAP,  /* declared no-map */
	FH_BORROW_NO_RAM, /* MMIO or a hole */
};

/**
 * fh_page_borrow_phys() - Look at a frame by its physical address, checked.
 * @pa: any address; its low bits are ignored.
 * @why: NULL, or where the reason goes when the answer is NULL (fh_memmap_classify() then
 *       names the declarer).
 *
 * Any OWNED, HELD or RESERVED frame can be borrowed, also one in the middle of a block. A
 * borrow confers no lifetime and takes no lock. Being refused is an answer, not a fault: it
 * is not reported.
 * Ownership: stays where it is; the handle is good for looking alone.
 * Return: a handle of that one frame (order 0), or NULL.
 */
const struct fh_page *fh_page_borrow_phys(const struct fh_frames *frames, fh_phys_addr_t pa,
					  enum fh_borrow_refusal *why);

/**
 * fh_page_borrow_phys_unchecked() - fh_page_borrow_phys() without looking at state or map.
 * @pa: any address; its low bits are ignored.
 *
 * The caller vouches that the frame is RAM of this instance and will stay so.
 * Ownership: as of fh_page_borrow_phys().
 * Return: a handle of that one frame; never NULL.
 */
const struct fh_page *fh_page_borrow_phys_unchecked(const struct fh_frames *frames,
						    fh_phys_addr_t pa);

/**
 * fh_borrow_refusal_name() - The printable name of a reason.
 * @why: as fh_page_borrow_phys() gives it.
 *
 * Return: "free", "no-map", "not RAM" or "ok"; "unknown" for a number that is no reason. Never
 * NULL.
 */
const char *fh_borrow_refusal_name(enum fh_borrow_refusal why);

/**
 * fh_frame_state() - The state of the frame that holds @pa.
 *
 * Return: the state, inside a block that of the block; FH_FRAME_NONE where there is no frame. As
 * old as the look, unless the caller keeps others from changing it.
 */
enum fh_frame_state fh_frame_state(const struct fh_frames *frames, fh_phys_addr_t pa);

/**
 * fh_frame_state_name() - The printable name of a @state.
 *
 * Return: "no frame", "free", "owned", "held" or "reserved"; "unknown" for a number that is no
 *         state. Never NULL.
 */
const char *fh_frame_state_name(enum fh_frame_state state);

/**
 * fh_page_address() - Where an owned @page is mapped.
 *
 * Looks at the handle only.
 * Return: a pointer to its first byte in the direct map, valid as long as the page is owned; NULL
 *         (reported) for what is no handle, or a borrowed one.
 */
void *fh_page_address(const struct fh_frames *frames, struct fh_page *page);

/**
 * fh_page_borrowed_address() - Where a @page, borrowed or owned, is mapped for reading.
 *
 * Looks at the handle only. A load may be answered by an external abort: fh_page_read() survives
 * it.
 * Return: a pointer to its first byte in the direct map, good as long as the page is owned, a
 *         borrow's as long as the lender keeps his word; NULL (reported) for what is no handle.
 */
const void *fh_page_borrowed_address(const struct fh_frames *frames, const struct fh_page *page);

/**
 * fh_page_read() - Copy bytes out of a @page, owned or borrowed.
 * @offset: bytes from its start.
 * @dst: room for @bytes, outside the page.
 * @bytes: how many; @offset + @bytes is at most the size of the page.
 *
 * Survives a synchronous external abort. Aligned 8-byte words are read whole.
 * Return: 0, -EINVAL (no handle, no frame, bounds), -EFAULT (the memory aborted; @dst is partly
 *         written); for an owned page also -ENOENT (stale) and -EPERM (not the first frame of a
 *         block, reserved).
 */
FH_MUST_CHECK int fh_page_read(const struct fh_frames *frames, const struct fh_page *page,
			       size_t offset, void *dst, size_t bytes);

/**
 * fh_page_write() - Copy bytes into an owned @page.
 * @offset: bytes from its start.
 * @src: @bytes to copy, outside the page.
 * @bytes: how many; @offset + @bytes is at most the size of the page.
 *
 * Return: 0, -EINVAL (no handle, bounds), -EPERM (borrowed, reserved, not the first frame of a
 *         block), -ENOENT (stale).
 */
FH_MUST_CHECK int fh_page_write(struct fh_frames *frames, struct fh_page *page, size_t offset,
				const void *src, size_t bytes);

/**
 * fh_page_zero() - Set every byte of an owned @page to 0.
 *
 * Return: 0, or refused as fh_page_write().
 */
FH_MUST_CHECK int fh_page_zero(struct fh_frames *frames, struct fh_page *page);

/**
 * fh_page_copy() - Copy a whole page, owned or borrowed, into an owned one of the same order.
 * @dst: owned; when it is @src, nothing is done.
 * @src: owned or borrowed.
 *
 * Survives a synchronous external abort of @src.
 * Return: as fh_page_write(); -EINVAL when the orders differ; -EFAULT as fh_page_read().
 */
FH_MUST_CHECK int fh_page_copy(struct fh_frames *frames, struct fh_page *dst,
			       const struct fh_page *src);

/**
 * fh_page_mark() - Leave marks on a RESERVED frame, for a scan that must not visit one twice.
 * @page: borrowed.
 * @marks: bits 0 to 4.
 *
 * Marks live in our metadata; the frame itself is not touched.
 * Context: one scan at a time.
 * Return: the marks that were there before (0 to 31), or -EINVAL when the frame is not RESERVED,
 *         the handle not a borrowed one, or @marks above 31.
 */
int fh_page_mark(struct fh_frames *frames, const struct fh_page *page, unsigned int marks);

/**
 * fh_frames_clear_marks() - Take all marks off.
 *
 * Time: O(reserved frames), and O(1) when there are none.
 * Context: one scan at a time.
 */
void fh_frames_clear_marks(struct fh_frames *frames);

/**
 * fh_frames_walk() - Every block that is OWNED or HELD, from the lowest address up.
 * @visit: gets the block's address, order and state; anything but 0 ends the walk and is returned.
 * @ctx: for @visit.
 *
 * Steps over free blocks whole. What others allocate and free meanwhile may be visited or not.
 * Return: 0, or what @visit gave.
 */
int fh_frames_walk(const struct fh_frames *frames,
		   int (*visit)(void *ctx, fh_phys_addr_t pa, unsigned int order,
				enum fh_frame_state state),
		   void *ctx);

/**
 * fh_frames_stats() - The counters of an instance.
 * @stats: gets them.
 *
 * Each is right by itself; together only while nobody changes the instance.
 */
void fh_frames_stats(const struct fh_frames *frames, struct fh_frames_stats *stats);

/**
 * fh_frames_check() - Walk all metadata and compare it with the invariants:
 *  1 each run of RAM in the map lies in spans of its NUMA node, which begin and end with RAM;
 *  2 every frame lies in one block, which is naturally aligned and in one span;
 *  3 the frames of the map that are usable, and only they, are FREE, OWNED or HELD;
 *  4 frames have codes of their own where their chunk is split, and only there;
 *  5 no block is on its way from one state to another;
 *  6 the counters equal what is counted;
 *  7 hints name orders that exist, and memory that no region covers yet is all free;
 *  8 with HARDEN=1, guard values are whole;
 *  9 and what was freed and not handed out again is FREE.
 *
 * Context: nobody else may change the instance meanwhile.
 * Return: NULL, or the text of the first invariant that does not hold.
 */
const char *fh_frames_check(const struct fh_frames *frames);

#ifdef FH_TEST_HOOKS
/**
 * fh_frames_fail_after() - Let @count allocations pass and fail the next one, once. Those of
 * fh_page_alloc_many() count one by one.
 * @count: UINT64_MAX never fails.
 */
void fh_frames_fail_after(struct fh_frames *frames, uint64_t count);
#endif

#endif
