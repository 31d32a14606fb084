/* SPDX-License-Identifier: BSD-2-Clause */
/* What all lines about descriptors have in common. */
#include "iommu/pgtable_priv.h"

void fh_put_level(const struct fh_out *out, int level)
{
	if (level < 0)
		fh_out_str(out, "-");
	fh_out_dec(out, (uint64_t)(level < 0 ? -level : level), 0);
}

void fh_put_spot(const struct fh_out *out, const struct desc_spot *spot)
{
	fh_out_str(out, "table ");
	fh_out_hex(out, spot->table.raw, 0);
	fh_out_str(out, " level ");
	fh_put_level(out, spot->level);
	fh_out_str(out, " index ");
	fh_out_dec(out, spot->index, 0);
	fh_out_str(out, ": descriptor ");
	fh_out_hex(out, spot->desc, 0);
	fh_out_str(out, " for iova ");
	fh_out_hex(out, spot->iova.raw, 0);
}
