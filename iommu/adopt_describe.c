/* SPDX-License-Identifier: BSD-2-Clause */
/* Names, texts and errors of adoption's findings, and the lines that tell of them. */
#include "iommu/adopt.h"

#include "iommu/pgtable_priv.h"
#include "lib/error.h"

struct code_info {
	enum fh_adopt_code code;
	int err;
	const char *name;
	const char *text;
};

static const struct code_info codes[] = {
	{ FH_ADOPT_OK, 0, "ok", "nothing to refuse" },
	{ FH_ADOPT_ROOT_MISALIGNED, -EINVAL, "root-misaligned", "root not aligned to its size" },
	{ FH_ADOPT_OUTSIDE_RAM, -EPERM, "outside-ram", "table outside RAM" },
	{ FH_ADOPT_NOMAP, -EPERM, "no-map", "table in no-map memory" },
	{ FH_ADOPT_ALLOCATABLE, -EPERM, "allocatable",
	  "table in RAM that nobody reserved: the allocator could hand it out" },
	{ FH_ADOPT_CYCLE, -ELOOP, "cycle", "table is its own ancestor" },
	{ FH_ADOPT_ILLEGAL, -EINVAL, "illegal", "descriptor that its level does not have" },
	{ FH_ADOPT_OUTPUT, -EINVAL, "output", "address beyond the output size" },
	{ FH_ADOPT_RESERVED_BITS, -EINVAL, "reserved-bits", "reserved bits set" },
	{ FH_ADOPT_NO_SOFTWARE_BIT, -ENOTSUP, "no-software-bit",
	  "foreign entries use every bit that is left to software" },
	{ FH_ADOPT_WINDOW_RANGE, -EINVAL, "window-range", "window beyond the input size" },
	{ FH_ADOPT_WINDOW_ALIGN, -EINVAL, "window-align", "window empty or not in whole granules" },
	{ FH_ADOPT_WINDOW_OVERLAP, -EINVAL, "window-overlap", "windows overlap" },
	{ FH_ADOPT_WINDOW_COUNT, -EINVAL, "window-count", "no window, or too many" },
	{ FH_ADOPT_WRITEBACK, -ENOTSUP, "writeback",
	  "walker not coherent, and a cache line holds both our descriptors and theirs" },
	{ FH_ADOPT_UNREADABLE, -EFAULT, "unreadable", "table answered with an external abort" },
	{ FH_ADOPT_SHARED_TABLE, 0, "shared-table", "table was reached before" },
	{ FH_ADOPT_LIVE_IN_WINDOW, 0, "live-in-window", "entry of the firmware inside a window" },
	{ FH_ADOPT_SOFTWARE_BIT_USED, 0, "software-bit-used",
	  "entry of the firmware has a software bit set" },
};

static const struct code_info *info(enum fh_adopt_code code)
{
	static const struct code_info unknown = { FH_ADOPT_OK, -EINVAL, "unknown", "unknown" };

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

void fh_adopt_table_describe(const struct fh_adopt_table *table, const struct fh_out *out)
{
	fh_out_str(out, "fh: adopt: table ");
	fh_out_hex(out, table->pa.raw, 0);
	fh_out_str(out, ": level ");
	put_level(out, table->level);
	fh_out_str(out, ", from iova ");
	fh_out_hex(out, table->iova.raw, 0);
	fh_out_str(out, ", ");
	fh_out_dec(out, table->used, 0);
	fh_out_str(out, table->used == 1 ? " entry" : " entries");
	fh_out_str(out, ", declared by ");
	fh_out_str(out, table->by);
	fh_out_str(out, "\n");
}

void fh_adopt_finding_describe(const struct fh_adopt_finding *finding, const struct fh_out *out)
{
	int err = fh_adopt_code_errno(finding->code);

	fh_out_str(out, err ? "fh: adopt: " : "fh: adopt: warning: ");
	if (fh_phys_is_valid(finding->table)) {
		fh_out_str(out, "table ");
		fh_out_hex(out, finding->table.raw, 0);
		fh_out_str(out, " level ");
		put_level(out, finding->level);
		fh_out_str(out, " index ");
		fh_out_dec(out, finding->index, 0);
		fh_out_str(out, ": descriptor ");
		fh_out_hex(out, finding->desc, 0);
		fh_out_str(out, " for iova ");
		fh_out_hex(out, finding->iova.raw, 0);
	} else {
		fh_out_str(out, "hand-over: ");
		fh_out_hex(out, finding->value, 0);
	}
	fh_out_str(out, ": ");
	fh_out_str(out, fh_adopt_code_text(finding->code));
	if (finding->by) {
		fh_out_str(out, ", at ");
		fh_out_hex(out, finding->value, 0);
		fh_out_str(out, " declared by ");
		fh_out_str(out, finding->by);
	}
	if (err) {
		fh_out_str(out, " (");
		fh_out_str(out, fh_error_name(err));
		fh_out_str(out, ")");
	}
	fh_out_str(out, "\n");
}
