/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two readers of one table: the engine's lookup and the CPU's AT. They must agree on address,
 * memory type, shareability and write permission of every page we mapped and of every leaf
 * that is the firmware's, and on there being nothing beside them.
 */
#include <stdio.h>

#include "boot/at.h"
#include "boot/job.h"
#include "lib/error.h"

#define PAGE_BYTES 4096u

struct comparison {
	const struct job *job;
	uint64_t ours;
	uint64_t foreign;
	uint64_t nothing;
};

/* The byte of MAIR that an attribute stands for: Arm ARM DDI 0487, MAIR_EL1. */
static int mair_byte(unsigned int memtype)
{
	static const unsigned char byte[] = {
		[FH_MEMTYPE_WB] = 0xff,
		[FH_MEMTYPE_NC] = 0x44,
		[FH_MEMTYPE_DEVICE] = 0x04,
		[FH_MEMTYPE_STRICT] = 0x00,
	};

	return memtype < FH_MEMTYPE_OTHER ? byte[memtype] : -1;
}

static int disagree(fh_dma_addr_t iova, const char *what, uint64_t software, uint64_t cpu)
{
	printf("fh: main: %#llx: %s: software says %#llx, the CPU %#llx (EIO)\n",
	       (unsigned long long)iova.raw, what, (unsigned long long)software,
	       (unsigned long long)cpu);
	return -EIO;
}

static int compare_hit(const struct fh_pgtable *table, fh_dma_addr_t iova,
		       const struct fh_translation *software)
{
	struct at_answer cpu = at_read(table, iova);

	/* 0b0010LL: access flag fault at level LL, which only firmware's leaves are up to. */
	if (cpu.fault && (cpu.status & 0x3c) == 0x08 && (software->attr.access & FH_UNACCESSED))
		return 0;
	if (cpu.fault)
		return disagree(iova, "fault", 0, cpu.status);
	if (!fh_phys_equal(cpu.pa, software->pa))
		return disagree(iova, "address", software->pa.raw, cpu.pa.raw);
	if (mair_byte(software->attr.memtype) >= 0 && cpu.attr != mair_byte(software->attr.memtype))
		return disagree(iova, "memory type", software->attr.memtype, cpu.attr);
	if (software->attr.memtype == FH_MEMTYPE_WB && cpu.share != software->attr.share)
		return disagree(iova, "shareability", software->attr.share, cpu.share);
	if (at_write(table, iova).fault == ((software->attr.access & FH_WRITE) != 0))
		return disagree(iova, "write permission", software->attr.access, 0);
	return 0;
}

static int compare_miss(const struct fh_pgtable *table, fh_dma_addr_t iova)
{
	struct at_answer cpu = at_read(table, iova);

	/* 0b0001LL: translation fault at level LL. */
	if (!cpu.fault || (cpu.status & 0x3c) != 0x04)
		return disagree(iova, "no translation", 1, cpu.fault ? cpu.status : 0);
	return 0;
}

static int compare_at(struct comparison *count, fh_dma_addr_t iova)
{
	const struct fh_pgtable *table = &count->job->table;
	struct fh_translation software;
	int err = fh_pgtable_lookup(table, iova, &software);

	if (err == -ENOENT) {
		count->nothing++;
		return compare_miss(table, iova);
	}
	if (err)
		return job_refuse("lookup", iova.raw, "failed", err);
	if (software.owner == FH_OWNER_OURS)
		count->ours++;
	else
		count->foreign++;
	return compare_hit(table, iova, &software);
}

/* What was asked for, but for what the firmware's tables above take away. */
static bool grants(const struct job *job, const struct fh_translation *software,
		   const struct job_mapping *mapping)
{
	unsigned int access = software->attr.access;

	if (job->adopted)
		return !(access & ~mapping->attr.access);
	return access == mapping->attr.access;
}

/* Is it what we asked for, too? */
static int compare_mapping(struct comparison *count, const struct job_mapping *mapping)
{
	const struct fh_pgtable *table = &count->job->table;

	if (!mapping->size)
		return 0;
	for (uint64_t offset = 0; offset < mapping->size; offset += PAGE_BYTES) {
		fh_dma_addr_t iova = fh_dma(mapping->iova.raw + offset + (offset >> 12 & 0xfff));
		struct fh_translation software;
		int err = fh_pgtable_lookup(table, iova, &software);

		if (err)
			return job_refuse(mapping->what, iova.raw, "is mapped, and not found", err);
		if (software.pa.raw - mapping->pa.raw != iova.raw - mapping->iova.raw ||
		    !grants(count->job, &software, mapping) ||
		    software.attr.memtype != mapping->attr.memtype)
			return job_refuse(mapping->what, iova.raw, "is not mapped as asked", -EIO);
		err = compare_at(count, iova);
		if (err)
			return err;
	}
	/* One page before and one behind, whatever lies there. */
	if (mapping->iova.raw >= PAGE_BYTES) {
		int err = compare_at(count, fh_dma(mapping->iova.raw - PAGE_BYTES));

		if (err)
			return err;
	}
	return compare_at(count, fh_dma(mapping->iova.raw + mapping->size));
}

static int visit_foreign(void *ctx, const struct fh_walk_entry *entry)
{
	struct comparison *count = ctx;
	int err = 0;

	if (entry->owner != FH_OWNER_FOREIGN || entry->kind == FH_DESC_TABLE)
		return 0;
	err = compare_at(count, entry->iova);
	if (!err)
		err = compare_at(count,
				 fh_dma(entry->iova.raw + (UINT64_C(1) << entry->span_lg2) - 1));
	return err;
}

int job_compare(const struct job *job)
{
	struct comparison count = { .job = job };
	const char *why;
	int err = at_begin(&job->table, &why);

	if (err) {
		printf("fh: main: AT: skipped: %s\n", why);
		return 0;
	}
	for (unsigned int i = 0; i < job->mapping_count && !err; i++)
		err = compare_mapping(&count, &job->mapping[i]);
	if (!err && job->adopted)
		err = fh_pgtable_walk(&job->table, fh_dma(0), UINT64_C(1) << job->table.config.ias,
				      visit_foreign, &count);
	at_end();
	if (!err)
		printf(
		    "fh: main: AT: software and CPU agree on %llu addresses of ours, %llu of the "
		    "firmware's, %llu without translation\n",
		    (unsigned long long)count.ours, (unsigned long long)count.foreign,
		    (unsigned long long)count.nothing);
	return err;
}
