/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the scan of an inherited tree tells: findings, tables, and the warnings, which change
 * nothing about what is done.
 */
#include "iommu/adopt_priv.h"

static void tell(const struct scan *scan, struct fh_adopt_finding *finding)
{
	struct fh_adopt_report *report = scan->report;

	if (finding->code >= FH_ADOPT_SHARED_TABLE)
		report->warnings++;
	else if (!report->refusals++)
		report->first = finding->code;
	if (!report->finding)
		return;
	if (fh_adopt_about(finding->code) == ADOPT_ADDRESS)
		finding->by =
		    fh_memmap_classify(scan->config->frames->config.map, fh_phys(finding->value))
			.by;
	report->finding(report->ctx, finding);
}

void fh_adopt_find(const struct scan *scan, enum fh_adopt_code code, const struct open_table *table,
		   uint64_t value)
{
	struct fh_adopt_finding finding = { .code = code,
					    .table = FH_PHYS_INVALID,
					    .value = value };

	if (table) {
		finding.table = fh_phys(table->pa);
		finding.index = table->index;
		finding.level = (int8_t)table->level;
		finding.desc = table->desc;
		finding.iova = fh_dma(entry_iova(scan, table));
	}
	tell(scan, &finding);
}

void fh_adopt_find_window(const struct scan *scan, enum fh_adopt_code code, unsigned int index)
{
	const struct fh_window *window = &scan->handover->windows[index];
	struct fh_adopt_finding finding = { .code = code,
					    .table = FH_PHYS_INVALID,
					    .index = index,
					    .iova = window->base,
					    .value = window->size };

	tell(scan, &finding);
}

void fh_adopt_show(const struct scan *scan, const struct open_table *table, unsigned int used)
{
	uint64_t span = fh_shape_entries(&scan->shape, table->level) * entry_span(scan, table);
	struct fh_adopt_report *report = scan->report;
	struct fh_adopt_table shown = {
		.pa = fh_phys(table->pa),
		.iova = fh_dma(table->iova),
		.level = (int8_t)table->level,
		.owner = FH_OWNER_FOREIGN,
		.windows = (uint8_t)fh_adopt_windows(scan, table->iova, span),
		.used = used,
		.by = fh_memmap_classify(scan->config->frames->config.map, fh_phys(table->pa)).by,
	};

	report->tables++;
	if (report->table)
		report->table(report->ctx, &shown);
}

void fh_adopt_warn(const struct scan *scan, const struct open_table *table)
{
	uint64_t software = table->desc & scan->shape.software;

	if ((table->desc & FH_DESC_VALID) && software)
		fh_adopt_find(scan, FH_ADOPT_SOFTWARE_BIT_USED, table, software);
	if (!fh_desc_is_link(table->desc, table->level) && entry_touches_window(scan, table))
		fh_adopt_find(scan, FH_ADOPT_LIVE_IN_WINDOW, table,
			      fh_desc_address(&scan->shape, table->desc));
}

/*
 * A run that is not whole is trouble for whoever fills a gap in it: a TLB may hold for all of it
 * what one entry says (D8.6.1).
 */
void fh_adopt_warn_hint(const struct scan *scan, const struct open_table *table, struct run *run)
{
	const struct fh_shape *shape = &scan->shape;
	unsigned int count = 1u << fh_shape_run_lg2(shape, table->level);
	unsigned int at = table->index & (count - 1);
	uint64_t span = entry_span(scan, table);
	uint64_t pa = fh_desc_output(shape, table->desc, table->level) - at * span;
	uint64_t fixed = ~(fh_desc_place(shape, UINT64_MAX) | HARDWARE_UPDATES | shape->software);
	bool hint = fh_desc_is_leaf(shape, table->desc, table->level) &&
		    (table->desc & FH_DESC_CONTIGUOUS &
		     ~fh_format_reserved(shape, table->desc, table->level));
	struct open_table first = *table;

	if (!run->hinted)
		*run = (struct run){ table->desc, table->index, false,
				     at == 0 && count > 1 && fh_is_aligned(pa, count * span) };
	run->hinted |= hint;
	run->whole &= hint && !((table->desc ^ run->first) & fixed) &&
		      pa == fh_desc_output(shape, run->first, table->level);
	if (!run->hinted || at != count - 1)
		return;
	run->hinted = false;
	if (run->whole)
		return;
	first.index = run->index;
	first.desc = run->first;
	fh_adopt_find(scan, FH_ADOPT_BROKEN_RUN, &first, fh_desc_address(shape, run->first));
}
