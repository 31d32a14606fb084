/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What Linux' drivers/iommu/io-pgtable-arm.c takes from its kernel, for a program of the host: read
 * in front of it by the compiler (-include), in place of the kernel's headers, which are empty
 * files below O/bench/linux/include. Pages are those of tables_linux.c. Walks are coherent, so that
 * the functions of the DMA interface are never called.
 *
 * The values of constants are this file's own; only the names are the kernel's.
 */
#ifndef FH_TESTS_BENCH_LINUX_SHIM_H
#define FH_TESTS_BENCH_LINUX_SHIM_H

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Types */
typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;
typedef int64_t s64;
typedef uint64_t phys_addr_t;
typedef uint64_t dma_addr_t;
typedef unsigned int gfp_t;

struct device {
	int node;
};

struct page;
struct io_pgtable_ops;
struct io_pgtable_cfg;

/* Of the gather only what a page table asks of it. */
struct iommu_iotlb_gather {
	bool queued;
};

struct list_head {
	struct list_head *next, *prev;
};

/* ---- Numbers */
#define BIT(n) (1UL << (n))
#define BIT_ULL(n) (1ULL << (n))
#define GENMASK(high, low) ((~0UL << (low)) & (~0UL >> (63 - (high))))
#define GENMASK_ULL(high, low) GENMASK(high, low)
#define SZ_4K 0x1000
#define SZ_16K 0x4000
#define SZ_64K 0x10000
#define SZ_2M 0x200000
#define SZ_32M 0x2000000
#define SZ_64M 0x4000000
#define SZ_512M 0x20000000
#define SZ_1G 0x40000000
#define SZ_4G 0x100000000ULL
#define PAGE_SHIFT 12
#define PAGE_SIZE 4096UL
#define PAGE_MASK (~(PAGE_SIZE - 1))
#define ilog2(n) (63 - __builtin_clzll(n))
#define __ffs(n) ((unsigned long)__builtin_ctzl(n))
#define __fls(n) ((unsigned long)(63 - __builtin_clzl(n)))
#define DIV_ROUND_UP(n, d) (((n) + (d)-1) / (d))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define IS_ALIGNED(n, a) (((n) & ((a)-1)) == 0)
#define min_t(type, a, b) ((type)(a) < (type)(b) ? (type)(a) : (type)(b))
#define max_t(type, a, b) ((type)(a) > (type)(b) ? (type)(a) : (type)(b))
#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) > (b) ? (a) : (b))
#define container_of(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))
#define FIELD_PREP(mask, value) (((u64)(value) << __builtin_ctzll(mask)) & (mask))
#define FIELD_GET(mask, value) (((u64)(value) & (mask)) >> __builtin_ctzll(mask))

/* ---- The compiler and the order of accesses: a coherent walker on this host needs no instruction.
 */
#define __init
#define __maybe_unused __attribute__((unused))
#define fallthrough __attribute__((fallthrough))
#define likely(condition) __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)
#define READ_ONCE(variable) (*(const volatile __typeof__(variable) *)&(variable))
#define WRITE_ONCE(variable, value) (*(volatile __typeof__(variable) *)&(variable) = (value))
#define barrier() atomic_signal_fence(memory_order_seq_cst)
#define wmb() barrier()
#define dma_wmb() barrier()
#define rmb() barrier()

static inline u64 cmpxchg64_relaxed(u64 *at, u64 old, u64 new)
{
	__atomic_compare_exchange_n(at, &old, new, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
	return old;
}

static inline u64 cmpxchg64(u64 *at, u64 old, u64 new)
{
	__atomic_compare_exchange_n(at, &old, new, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	return old;
}

static inline void set_bit(unsigned int bit, volatile unsigned long *at)
{
	__atomic_fetch_or(&at[bit / 64], BIT(bit % 64), __ATOMIC_RELAXED);
}

#define try_cmpxchg64_relaxed(at, old, new)                                                        \
	__atomic_compare_exchange_n(at, old, new, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)

/* ---- Complaints: what they are about is returned as well, and the benchmark fails for that. */
#define pr_err(...) fprintf(stderr, __VA_ARGS__)
#define pr_warn(...) fprintf(stderr, __VA_ARGS__)
#define pr_info(...) ((void)0)
#define dev_err(device, ...) ((void)(device), fprintf(stderr, __VA_ARGS__))
#define WARN_ON(condition) unlikely(!!(condition))
#define WARN_ONCE(condition, ...) WARN_ON(condition)
#define WARN_ON_ONCE(condition) WARN_ON(condition)
#define VM_BUG_ON(condition) ((void)0)
#define BUG_ON(condition) ((void)0)
#define BUILD_BUG_ON(condition) ((void)0)

/* ---- Memory */
#define __GFP_ZERO 1u
#define __GFP_HIGHMEM 2u
#define GFP_KERNEL 0u
#define GFP_ATOMIC 0u
#define kmalloc(bytes, flags) ((void)(flags), malloc(bytes))
#define kzalloc(bytes, flags) ((void)(flags), calloc(1, bytes))
#define kfree(pointer) free(pointer)

/* 2^@order zeroed pages, aligned to their size; NULL when there are none. */
void *bench_linux_pages(unsigned int order);
void bench_linux_free_pages(void *pages, unsigned int order);
/* A page's address in the tables less this is where it lies. */
extern uintptr_t bench_linux_offset;

static inline unsigned int get_order(size_t bytes)
{
	return bytes <= PAGE_SIZE ? 0 : (unsigned int)ilog2((bytes - 1) >> PAGE_SHIFT) + 1;
}

#define virt_to_phys(pointer) ((phys_addr_t)((uintptr_t)(pointer)-bench_linux_offset))
#define phys_to_virt(pa) ((void *)((uintptr_t)(pa) + bench_linux_offset))
#define __pa(pointer) virt_to_phys(pointer)
#define __va(pa) phys_to_virt(pa)
#define dev_to_node(device) ((void)(device), 0)
#define alloc_pages_node(node, flags, order)                                                       \
	((void)(node), (void)(flags), (struct page *)bench_linux_pages((unsigned int)(order)))
#define page_address(page) ((void *)(page))
#define __free_pages(page, order) bench_linux_free_pages(page, (unsigned int)(order))
#define free_pages(address, order) bench_linux_free_pages((void *)(address), (unsigned int)(order))
/* From 6.9 on pages are asked for by these. */
#define iommu_alloc_pages_node(node, flags, order)                                                 \
	((void)(node), (void)(flags), bench_linux_pages((unsigned int)(order)))
#define iommu_alloc_pages(flags, order) iommu_alloc_pages_node(0, flags, order)
#define iommu_free_pages(pages, order) bench_linux_free_pages(pages, (unsigned int)(order))

enum { DMA_TO_DEVICE = 1 };
#define dma_map_single(device, at, size, direction) virt_to_phys(at)
#define dma_mapping_error(device, address) ((void)(device), (void)(address), 0)
#define dma_unmap_single(device, address, size, direction) ((void)(device), (void)(address))
#define dma_sync_single_for_device(device, address, size, direction)                               \
	((void)(device), (void)(address), (void)(size))

/* ---- <linux/iommu.h> */
#define IOMMU_READ (1 << 0)
#define IOMMU_WRITE (1 << 1)
#define IOMMU_CACHE (1 << 2)
#define IOMMU_NOEXEC (1 << 3)
#define IOMMU_MMIO (1 << 4)
#define IOMMU_PRIV (1 << 5)
#define IOMMU_DIRTY_NO_CLEAR (1 << 0)

struct iommu_dirty_bitmap;
static inline bool iommu_iotlb_gather_queued(const struct iommu_iotlb_gather *gather)
{
	return gather && gather->queued;
}

#define iommu_dirty_bitmap_record(dirty, iova, size) ((void)(dirty), (void)(iova), (void)(size))

#endif
