/* SPDX-License-Identifier: BSD-2-Clause */
/* Names, texts and errors of adoption's findings, and the lines that tell of them. */
#include "iommu/adopt_priv.h"
#include "lib/error.h"

struct code_info {
	uint8_t code;
	uint8_t about;
	int16_t err;
	const char *name;
	const char *text;
};

static const struct code_info codes[] = {
	{ FH_ADOPT_OK, ADOPT_ADDRESS, 0, "ok", "nothing to refuse" },
	{ FH_ADOPT_ROOT_MISALIGNED, ADOPT_ADDRESS, -EINVAL, "root-misaligned",
	  "root not aligned to its size" },
	{ FH_ADOPT_OUTSIDE_RAM, ADOPT_ADDRESS, -EPERM, "outside-ram", "table outside RAM" },
	{ FH_ADOPT_NOMAP, ADOPT_ADDRESS, -EPERM, "no-map", "table in no-map memory" },
	{ FH_ADOPT_ALLOCATABLE, ADOPT_ADDRESS, -EPERM, "allocatable",
	  "table in RAM that nobody reserved: the allocator could hand it out" },
	{ FH_ADOPT_CYCLE, ADOPT_ADDRESS, -ELOOP, "cycle", "table is its own ancestor" },
	{ FH_ADOPT_ILLEGAL, ADOPT_ADDRESS, -EINVAL, "illegal",
	  "descriptor of the last level that is no page" },
	{ FH_ADOPT_OUTPUT, ADOPT_ADDRESS, -EINVAL, "output", "address beyond the output size" },
	{ FH_ADOPT_RESERVED_BITS, ADOPT_BITS, -EINVAL, "reserved-bits", "reserved bits set" },
	{ FH_ADOPT_NO_SOFTWARE_BIT, ADOPT_BITS, -ENOTSUP, "no-software-bit",
	  "foreign entries use every bit that is left to software" },
	{ FH_ADOPT_WINDOW_RANGE, ADOPT_WINDOW, -EINVAL, "window-range",
	  "window beyond the input size" },
	{ FH_ADOPT_WINDOW_ALIGN, ADOPT_WINDOW, -EINVAL, "window-align",
	  "window empty or not in whole granules" },
	{ FH_ADOPT_WINDOW_OVERLAP, ADOPT_WINDOW, -EINVAL, "window-overlap",
	  "window overlaps one before it" },
	{ FH_ADOPT_WINDOW_COUNT, ADOPT_COUNT, -EINVAL, "window-count", "no window, or too many" },
	{ FH_ADOPT_WRITEBACK, ADOPT_ADDRESS, -ENOTSUP, "writeback",
	  "walker not coherent, and a cache line holds both our descriptors and theirs" },
	{ FH_ADOPT_UNREADABLE, ADOPT_ADDRESS, -EFAULT, "unreadable",
	  "table answered with an external abort" },
	{ FH_ADOPT_ALLOCATED, ADOPT_ADDRESS, -EPERM, "allocated",
	  "table in a frame that the allocator has handed out" },
	{ FH_ADOPT_MISALIGNED, ADOPT_ADDRESS, -EINVAL, "misaligned",
	  "address not aligned to the table, block or page there" },
	{ FH_ADOPT_ILLEGAL_BLOCK, ADOPT_ADDRESS, -EINVAL, "illegal-block",
	  "block at a level that has none" },
	{ FH_ADOPT_TWO_LEVELS, ADOPT_ADDRESS, -ELOOP, "two-levels", "table stands at two levels" },
	{ FH_ADOPT_TOO_SHARED, ADOPT_COUNT, -ENOTSUP, "too-shared",
	  "tables are shared so that a walk would take too long" },
	{ FH_ADOPT_SHARED_TABLE, ADOPT_ADDRESS, 0, "shared-table", "table was reached before" },
	{ FH_ADOPT_LIVE_IN_WINDOW, ADOPT_ADDRESS, 0, "live-in-window",
	  "entry of the firmware inside a window" },
	{ FH_ADOPT_SOFTWARE_BIT_USED, ADOPT_BITS, 0, "software-bit-used",
	  "entry of the firmware has a software bit set" },
	{ FH_ADOPT_BROKEN_RUN, ADOPT_ADDRESS, 0, "broken-run",
	  "contiguous hint in a run that is not whole" },
};

static const struct code_info *info(enum fh_adopt_code code)
{
	static const struct code_info unknown = { 0, ADOPT_COUNT, -EINVAL, "unknown", "unknown" };

	for (size_t i = 0; i < FH_ARRAY_SIZE(codes); i++)
		if (codes[i].code == code)
			return &codes[i];
	return &unknown;
}

const char *fh_adopt_code_name(enum fh_adopt_code code)
{
	return info(code)->name;
}

const char *fh_adopt_code_text(enum fh_adopt_code code)
{
	return info(code)->text;
}

int fh_adopt_code_errno(enum fh_adopt_code code)
{
	return info(code)->err;
}

enum adopt_about fh_adopt_about(enum fh_adopt_code code)
{
	return (enum adopt_about)info(code)->about;
}

/* "in windows 0 2, ", or nothing. */
static void put_windows(const struct fh_out *out, unsigned int windows)
{
	if (!windows)
		return;
	fh_out_str(out, windows & (windows - 1) ? "in windows " : "in window ");
	for (unsigned int w = 0; windows >> w; w++) {
		if (!(windows >> w & 1))
			continue;
		fh_out_dec(out, w, 0);
		fh_out_str(out, windows >> w == 1 ? ", " : " ");
	}
}

void fh_adopt_table_describe(const struct fh_adopt_table *table, const struct fh_out *out)
{
	fh_out_str(out, "fh: adopt: table ");
	fh_out_hex(out, table->pa.raw, 0);
	fh_out_str(out, ": level ");
	fh_put_level(out, table->level);
	fh_out_str(out, ", from iova ");
	fh_out_hex(out, table->iova.raw, 0);
	fh_out_str(out, ", ");
	fh_out_dec(out, table->used, 0);
	fh_out_str(out, table->used == 1 ? " entry, " : " entries, ");
	put_windows(out, table->windows);
	fh_out_str(out, table->owner == FH_OWNER_FOREIGN ? "foreign, declared by "
							 : "ours, declared by ");
	fh_out_str(out, table->by);
	fh_out_str(out, "\n");
}

/* What a finding about no descriptor is about. */
static void put_handed_over(const struct fh_out *out, const struct fh_adopt_finding *finding)
{
	if (info(finding->code)->about == ADOPT_WINDOW) {
		fh_out_str(out, "window ");
		fh_out_dec(out, finding->index, 0);
		fh_out_str(out, ": iova ");
		fh_out_hex(out, finding->iova.raw, 0);
		fh_out_str(out, ", bytes ");
	} else {
		fh_out_str(out,
			   info(finding->code)->about == ADOPT_ADDRESS ? "root: " : "hand-over: ");
	}
	fh_out_hex(out, finding->value, 0);
}

void fh_adopt_finding_describe(const struct fh_adopt_finding *finding, const struct fh_out *out)
{
	const struct code_info *code = info(finding->code);
	bool spot = fh_phys_is_valid(finding->table);

	fh_out_str(out, code->err ? "fh: adopt: " : "fh: adopt: warning: ");
	if (spot)
		fh_put_spot(out, &(struct desc_spot){ finding->table, finding->iova, finding->desc,
						      finding->index, finding->level });
	else
		put_handed_over(out, finding);
	fh_out_str(out, ": ");
	fh_out_str(out, code->text);
	if (spot && code->about == ADOPT_BITS) {
		fh_out_str(out, ", ");
		fh_out_hex(out, finding->value, 0);
	}
	if (finding->by) {
		fh_out_str(out, ", at ");
		fh_out_hex(out, finding->value, 0);
		fh_out_str(out, " declared by ");
		fh_out_str(out, finding->by);
	}
	if (code->err) {
		fh_out_str(out, " (");
		fh_out_str(out, fh_error_name(code->err));
		fh_out_str(out, ")");
	}
	fh_out_str(out, "\n");
}
