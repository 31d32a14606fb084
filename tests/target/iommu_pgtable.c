/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * iommu.pgtable on the machine: a table of our own, read by the CPU. Every access that stage 1 can
 * say, every memory type, every leaf size, and nothing left after unmap and release.
 */
#include "boot/at.h"
#include "boot/el.h"
#include "iommu/tlb_cpu.h"
#include "tests/target/harness.h"

#define BASE UINT64_C(0x4000000000)

static struct fh_pgtable table;

static const struct fh_attr data = { FH_READ | FH_WRITE, FH_MEMTYPE_WB, FH_SHARE_INNER };

static int begin(struct test *test)
{
	struct fh_pgtable_config config = {
		.format = FH_FORMAT_S1,
		.regime = FH_REGIME_EL1,
		.granule_lg2 = 12,
		.ias = 48,
		.oas = (uint8_t)machine_output_bits(),
		.coherent = true,
		.mair = FH_BOOT_MAIR,
		.frames = &test->machine->frames,
		.tlb = &fh_tlb_cpu_ops,
		.tlb_ctx = &table,
	};
	const char *why;
	int err = fh_pgtable_init(&table, &config);

	return err ? err : at_begin(&table, &why);
}

static int end(void)
{
	at_end();
	return fh_pgtable_release(&table);
}

static int unmap(uint64_t iova, uint64_t size)
{
	struct fh_gather gather;
	int err;

	fh_gather_init(&gather, &table);
	err = fh_pgtable_unmap(&table, fh_dma(iova), size, &gather);
	return err ? err : fh_gather_flush(&gather);
}

/* One combination: refused by map, or seen by the CPU as asked for. */
static bool attributes_agree(struct fh_attr attr, unsigned int *mapped)
{
	static const uint8_t mair_byte[] = { 0xff, 0x44, 0x04, 0x00 };
	struct at_answer read, write;

	if (fh_pgtable_map(&table, fh_dma(BASE), fh_phys(0x40000000), 4096, attr))
		return true;
	++*mapped;
	read = at_read(&table, fh_dma(BASE + 0x123));
	write = at_write(&table, fh_dma(BASE + 0x123));
	if (unmap(BASE, 4096))
		return false;
	return !read.fault && read.pa.raw == 0x40000123 && read.attr == mair_byte[attr.memtype] &&
	       write.fault == !(attr.access & FH_WRITE) &&
	       (attr.memtype != FH_MEMTYPE_WB || read.share == attr.share);
}

static void attributes(struct test *test)
{
	unsigned int mapped = 0;

	EXPECT_EQUAL(test, begin(test), 0);
	for (unsigned int access = 0; access < 128; access++)
		for (unsigned int memtype = 0; memtype < FH_MEMTYPE_OTHER; memtype++)
			for (uint8_t share = 0; share < 4; share++) {
				struct fh_attr attr = { (uint16_t)access, (uint8_t)memtype, share };

				EXPECT(test, attributes_agree(attr, &mapped));
			}
	EXPECT_EQUAL(test, end(), 0);
	/*
	 * By hand from D8.4: who may read and write is one of four, each with or without PXN, UXN
	 * and nG, but for the four in which the privileged would execute what the unprivileged
	 * write. Normal memory takes three shareabilities, Device memory ignores what is asked.
	 */
	EXPECT_EQUAL(test, mapped, (4 * 8 - 4) * (2 * 3 + 2 * 4));
}

static void sizes(struct test *test)
{
	static const uint64_t size[] = { 4 * FH_KIB, 2 * FH_MIB, FH_GIB };

	EXPECT_EQUAL(test, begin(test), 0);
	for (unsigned int i = 0; i < FH_ARRAY_SIZE(size); i++) {
		/* Tables that became empty stay, and would be filled again: another place each
		 * time. */
		uint64_t base = BASE + i * 8 * FH_GIB;
		uint64_t pa = FH_GIB; /* aligned to all of them; nobody reads there */
		struct fh_translation answer;

		EXPECT_EQUAL(test, fh_pgtable_map(&table, fh_dma(base), fh_phys(pa), size[i], data),
			     0);
		EXPECT_EQUAL(test, fh_pgtable_lookup(&table, fh_dma(base + size[i] - 1), &answer),
			     0);
		EXPECT_EQUAL(test, UINT64_C(1) << answer.span_lg2, size[i]);
		EXPECT_EQUAL(test, at_read(&table, fh_dma(base)).pa.raw, pa);
		EXPECT_EQUAL(test, at_read(&table, fh_dma(base + size[i] - 1)).pa.raw,
			     pa + size[i] - 1);
		EXPECT(test, at_read(&table, fh_dma(base - 1)).fault);
		EXPECT(test, at_read(&table, fh_dma(base + size[i])).fault);
		EXPECT_EQUAL(test, unmap(base, size[i]), 0);
		EXPECT(test, at_read(&table, fh_dma(base)).fault);
	}
	EXPECT_EQUAL(test, end(), 0);
}

/* From one page before a 1 GiB boundary to one behind the next: all three leaf sizes in one map. */
static void mixed(struct test *test)
{
	uint64_t first = BASE + FH_GIB - 2 * FH_MIB - 4096;
	uint64_t size = FH_GIB + 4 * FH_MIB + 8192;
	uint64_t pa = 3 * FH_GIB - 2 * FH_MIB - 4096;
	struct fh_frames_stats before, during, after;
	int64_t plan;

	EXPECT_EQUAL(test, begin(test), 0);
	fh_frames_stats(&test->machine->frames, &before);
	plan = fh_pgtable_plan(&table, fh_dma(first), fh_phys(pa), size, data);
	EXPECT_EQUAL(test, fh_pgtable_map(&table, fh_dma(first), fh_phys(pa), size, data), 0);
	fh_frames_stats(&test->machine->frames, &during);
	/* One table of level 1, two of level 2, two of level 3. */
	EXPECT_EQUAL(test, plan, 5);
	EXPECT_EQUAL(test, during.held - before.held, 5);
	for (uint64_t offset = 0; offset < size; offset += 0x3ff000)
		EXPECT_EQUAL(test, at_read(&table, fh_dma(first + offset)).pa.raw, pa + offset);
	EXPECT(test, at_read(&table, fh_dma(first - 1)).fault);
	EXPECT(test, at_read(&table, fh_dma(first + size)).fault);
	EXPECT_EQUAL(test, end(), 0);
	fh_frames_stats(&test->machine->frames, &after);
	EXPECT_EQUAL(test, after.held + 1, before.held);
}

static const struct test_case cases[] = {
	{ "attributes", attributes },
	{ "sizes", sizes },
	{ "mixed", mixed },
};

SUITE(iommu_pgtable, "iommu.pgtable", cases);
