/* SPDX-License-Identifier: BSD-2-Clause */
/* The main job, step by step. */
#include "boot/job.h"

#include <stdio.h>
#include <string.h>

#include "boot/console.h"
#include "boot/el.h"
#include "boot/exit.h"
#include "iommu/adopt.h"
#include "iommu/tlb_cpu.h"
#include "lib/error.h"

/* Where a table of our own is filled from when no bootloader says. */
#define OWN_WINDOW_BASE UINT64_C(0x10000000)
#define OWN_WINDOW_SIZE UINT64_C(0x80000000)

int job_refuse(const char *subject, uint64_t value, const char *why, int err)
{
	printf("fh: main: %s: %#llx: %s (%s)\n", subject, (unsigned long long)value, why,
	       fh_error_name(err));
	return err;
}

static void report_fault(void *ctx, const struct fh_fault *fault)
{
	(void)ctx;
	fh_fault_describe(fault, &console_out);
}

static bool lies_in(const struct devtree_region *region, uint64_t base, uint64_t size)
{
	return fh_range_within(base, size, region->base, region->size);
}

/* Whatever else is reserved, the kernel's own image too, may hold no table that we store to. */
static void print_table(void *ctx, const struct fh_adopt_table *table)
{
	struct job *job = ctx;
	uint64_t granule = UINT64_C(1) << job->handover.granule_lg2;
	uint64_t pa = fh_align_down(table->pa.raw, granule);

	fh_adopt_table_describe(table, &console_out);
	if (!lies_in(&job->handover.root_region, pa, granule) &&
	    !lies_in(&job->handover.tables, pa, granule))
		job->stray = table->pa;
}

static void print_finding(void *ctx, const struct fh_adopt_finding *finding)
{
	(void)ctx;
	fh_adopt_finding_describe(finding, &console_out);
}

static struct fh_pgtable_config common_config(struct job *job)
{
	return (struct fh_pgtable_config){
		.format = FH_FORMAT_S1,
		.frames = &job->machine->frames,
		.tlb = &fh_tlb_cpu_ops,
		.tlb_ctx = &job->table,
		.report = { report_fault, NULL },
	};
}

static int start_own(struct job *job)
{
	struct fh_pgtable_config config = common_config(job);
	int err;

	config.regime = FH_REGIME_EL1;
	config.granule_lg2 = 12;
	config.ias = 48;
	config.oas = (uint8_t)machine_output_bits();
	config.coherent = true;
	config.mair = FH_BOOT_MAIR;
	err = fh_pgtable_init(&job->table, &config);
	if (err)
		return job_refuse("table", config.ias, "no table of our own", err);
	job->handover.window[0].base = fh_dma(OWN_WINDOW_BASE);
	job->handover.window[0].size = OWN_WINDOW_SIZE;
	job->handover.window_count = 1;
	printf("fh: main: table: root %#llx: new, nobody handed one over\n",
	       (unsigned long long)job->table.root.raw);
	return 0;
}

static int start_adopted(struct job *job)
{
	const struct devtree_handover *given = &job->handover;
	struct fh_pgtable_config config = common_config(job);
	struct fh_adopt_report report = {
		.table = print_table,
		.finding = print_finding,
		.ctx = job,
	};
	struct fh_handover handover = {
		.root = given->root,
		.windows = given->window,
		.window_count = given->window_count,
	};
	int err;

	/* The comparison with AT, and the attributes of the mappings below, are stage 1's. */
	if (given->stage == 2)
		return job_refuse(given->path, given->root.raw, "the main job is for stage 1 alone",
				  -ENOTSUP);
	config.regime = given->regime;
	config.granule_lg2 = given->granule_lg2;
	config.ias = given->ias;
	config.oas = given->oas;
	config.coherent = given->coherent;
	config.mair = given->mair;
	job->stray = FH_PHYS_INVALID;
	err = fh_pgtable_adopt(&job->table, &config, &handover, &report);
	if (err)
		return job_refuse(given->path, given->root.raw, fh_adopt_code_text(report.first),
				  err);
	/* Adoption has written nothing. */
	if (fh_phys_is_valid(job->stray))
		return job_refuse(given->path, job->stray.raw,
				  "table outside of the regions of tables", -EPERM);
	printf("fh: main: table: root %#llx: adopted from %s: %llu tables, %llu entries, %llu "
	       "warnings\n",
	       (unsigned long long)given->root.raw, given->path, (unsigned long long)report.tables,
	       (unsigned long long)report.entries, (unsigned long long)report.warnings);
	job->adopted = true;
	job->firmware = job->table;
	return 0;
}

static int start_table(struct job *job)
{
	int err = devtree_handover(&job->machine->tree, &job->machine->map, &job->handover);

	if (err == -ENOENT)
		return start_own(job);
	return err ? err : start_adopted(job);
}

/* From @at to where the descriptor there ends, or a step further where there is none. */
static uint64_t step_over(const struct job *job, uint64_t at, uint64_t align)
{
	struct fh_translation answer;
	int err = fh_pgtable_lookup(&job->table, fh_dma(at), &answer);
	uint64_t span = fh_shape_span(&job->table.shape, answer.level);

	if ((err && err != -ENOENT) || answer.owner == FH_OWNER_NOBODY || span < align)
		span = align;
	return fh_align_down(at, span) + span;
}

/*
 * The first place in window @w where @mapping fits: what is foreign there is stepped over, because
 * plan says -EPERM for it, as map would.
 */
static int64_t find_place(const struct job *job, unsigned int w, struct job_mapping *mapping)
{
	const struct fh_window *window = &job->handover.window[w];
	uint64_t align = mapping->size >= 2 * FH_MIB ? 2 * FH_MIB : 4096;
	uint64_t at = fh_align_up(window->base.raw, align);

	while (fh_range_within(at, mapping->size, window->base.raw, window->size)) {
		int64_t plan;

		mapping->iova = fh_dma(at);
		plan = fh_pgtable_plan(&job->table, mapping->iova, mapping->pa, mapping->size,
				       mapping->attr);
		if (plan != -EPERM && plan != -EEXIST)
			return plan;
		at = step_over(job, at, align);
	}
	return -ENOSPC;
}

static uint64_t held(const struct job *job)
{
	struct fh_frames_stats stats;

	fh_frames_stats(&job->machine->frames, &stats);
	return stats.held;
}

/* finish() gives back the page of each mapping of the job, mapped or not. */
static struct job_mapping *add_mapping(struct job *job, struct job_mapping mapping)
{
	struct job_mapping *added = &job->mapping[job->mapping_count++];

	*added = mapping;
	return added;
}

static int map_one(struct job *job, unsigned int w, struct job_mapping *mapping)
{
	uint64_t before = held(job);
	int64_t plan = find_place(job, w, mapping);
	int err;

	/* How large windows are is the firmware's choice. */
	if (plan == -ENOSPC) {
		(void)job_refuse(mapping->what, mapping->size, "no place in the window: left out",
				 -ENOSPC);
		mapping->size = 0;
		return 0;
	}
	if (plan < 0)
		return job_refuse(mapping->what, mapping->size, "cannot be planned", (int)plan);
	err = fh_pgtable_map(&job->table, mapping->iova, mapping->pa, mapping->size, mapping->attr);
	if (err)
		return job_refuse(mapping->what, mapping->iova.raw, "cannot be mapped", err);
	printf("fh: main: map: %#llx..%#llx -> %#llx: %s, %llu table pages (planned %lld)\n",
	       (unsigned long long)mapping->iova.raw,
	       (unsigned long long)(mapping->iova.raw + mapping->size - 1),
	       (unsigned long long)mapping->pa.raw, mapping->what,
	       (unsigned long long)(held(job) - before), (long long)plan);
	if (held(job) - before != (uint64_t)plan)
		return job_refuse(mapping->what, (uint64_t)plan, "the plan was not kept", -EIO);
	return 0;
}

static int map_ram(struct job *job, unsigned int w, const char *what, unsigned int order)
{
	struct fh_frames *frames = &job->machine->frames;
	struct job_mapping *mapping =
	    add_mapping(job, (struct job_mapping){
				 .what = what,
				 .size = UINT64_C(4096) << order,
				 .attr = { FH_READ | FH_WRITE | FH_USER_READ | FH_USER_WRITE,
					   FH_MEMTYPE_WB, FH_SHARE_INNER },
			     });

	mapping->page = fh_page_alloc(frames, order, FH_PAGE_ZERO);
	if (!mapping->page)
		return job_refuse(what, mapping->size, "no free block", -ENOMEM);
	mapping->pa = fh_page_to_phys(frames, mapping->page);
	return map_one(job, w, mapping);
}

static int map_all(struct job *job)
{
	const struct devtree_handover *handover = &job->handover;
	unsigned int last = handover->window_count - 1;
	int err = map_ram(job, 0, "RAM, 32 KiB", 3);

	if (!err)
		err = map_ram(job, handover->window_count > 1 ? 1 : 0, "RAM, 2 MiB", 9);
	if (!err && handover->shared.size)
		err = map_one(job, 0,
			      add_mapping(job, (struct job_mapping){
						   .what = "shared segment",
						   .pa = fh_phys(handover->shared.base),
						   .size = handover->shared.size,
						   .attr = { FH_READ | FH_USER_READ, FH_MEMTYPE_WB,
							     FH_SHARE_INNER },
					       }));
	if (!err && handover->device.size)
		err = map_one(job, last,
			      add_mapping(job, (struct job_mapping){
						   .what = "device page",
						   .pa = fh_phys(handover->device.base),
						   .size = 4096,
						   .attr = { FH_READ | FH_WRITE, FH_MEMTYPE_DEVICE,
							     FH_SHARE_OUTER },
					       }));
	return err;
}

/* Is a page in a window? */
static bool in_window(const struct job *job, uint64_t page)
{
	for (unsigned int w = 0; w < job->handover.window_count; w++)
		if (fh_range_within(page, 4096, job->handover.window[w].base.raw,
				    job->handover.window[w].size))
			return true;
	return false;
}

/*
 * What must be refused is refused, at both edges of every window but where the next one begins, or
 * the input ends.
 */
static int check_edges(struct job *job)
{
	struct fh_attr attr = { FH_READ, FH_MEMTYPE_WB, FH_SHARE_INNER };
	unsigned int refused = 0;

	for (unsigned int w = 0; job->adopted && w < job->handover.window_count; w++) {
		const struct fh_window *window = &job->handover.window[w];
		uint64_t outside[] = { window->base.raw - 4096, window->base.raw + window->size };

		for (unsigned int i = 0; i < FH_ARRAY_SIZE(outside); i++) {
			int err;

			if (!fh_range_fits(outside[i], 4096, job->handover.ias) ||
			    in_window(job, outside[i]))
				continue;
			err =
			    fh_pgtable_map(&job->table, fh_dma(outside[i]), fh_phys(0), 4096, attr);
			if (err != -EPERM)
				return job_refuse("window edge", outside[i], "was not refused",
						  -EIO);
			refused++;
		}
	}
	if (refused)
		printf("fh: main: windows: %u pages just outside: all refused (EPERM)\n", refused);
	return 0;
}

/* The first mapping goes by unmap and gather, the others by release. */
static int unmap_first(struct job *job)
{
	struct job_mapping *mapping = &job->mapping[0];
	struct fh_translation answer;
	struct fh_gather gather;
	int err;

	if (!mapping->size)
		return 0;
	fh_gather_init(&gather, &job->table);
	err = fh_pgtable_unmap(&job->table, mapping->iova, mapping->size, &gather);
	if (!err)
		err = fh_gather_flush(&gather);
	if (err)
		return job_refuse(mapping->what, mapping->iova.raw, "cannot be unmapped", err);
	if (fh_pgtable_lookup(&job->table, mapping->iova, &answer) != -ENOENT)
		return job_refuse(mapping->what, mapping->iova.raw, "is still there", -EIO);
	return 0;
}

static int finish(struct job *job)
{
	int err = fh_pgtable_release(&job->table);

	for (unsigned int i = 0; i < job->mapping_count; i++)
		if (job->mapping[i].page &&
		    fh_page_free(&job->machine->frames, job->mapping[i].page))
			err = -EIO;
	job->mapping_count = 0;
	return err ? job_refuse("table", job->table.root.raw, "cannot be released", err) : 0;
}

static int work(struct job *job)
{
	struct job_snapshot snapshot;
	int err = job_snapshot_take(job, &snapshot);
	int released;

	if (!err && job->adopted)
		err = job_show(&job->firmware, "before");
	if (!err)
		err = map_all(job);
	if (!err)
		err = job_show(&job->table, "with ours");
	if (!err)
		err = job_check(job);
	if (!err)
		err = job_compare(job);
	if (!err)
		err = job_whose(job);
	if (!err)
		err = check_edges(job);
	if (!err)
		err = unmap_first(job);
	released = finish(job);
	if (!err)
		err = released;
	if (!err && job->adopted)
		err = job_show(&job->firmware, "after");
	if (!err)
		err = job_snapshot_compare(job, &snapshot);
	if (!err)
		err = job_whose_end(job);
	job_snapshot_drop(job, &snapshot);
	return err;
}

int job_run(struct machine *machine)
{
	static struct job job;
	struct fh_frames_stats before, after;

	job.machine = machine;
	fh_frames_stats(&machine->frames, &before);
	if (start_table(&job))
		return EXIT_STATUS_REFUSED;
	if (work(&job))
		return EXIT_STATUS_FAILED;
	fh_frames_stats(&machine->frames, &after);
	if (after.free != before.free || after.held != before.held || after.owned != before.owned) {
		(void)job_refuse("frames", after.free, "not all came back", -EIO);
		return EXIT_STATUS_FAILED;
	}
	printf("fh: main: frames: %llu free: all came back\n", (unsigned long long)after.free);
	return EXIT_STATUS_OK;
}
