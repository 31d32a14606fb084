/* SPDX-License-Identifier: BSD-2-Clause */
/* The shape of a table from its granule and sizes. */
#include "iommu/format.h"
#include "lib/error.h"

#define IAS_MIN 25u /* 16 with FEAT_TTST */
#define IAS_MIN_TTST 16u
#define IAS_MAX 48u /* 52 with FEAT_LPA2 or FEAT_LVA */
#define IAS_MAX_LARGE 52u

static int check_format(enum fh_format format, unsigned int granule_lg2)
{
	if (format != FH_FORMAT_S1 && format != FH_FORMAT_S2 && format != FH_FORMAT_UAT)
		return -EINVAL;
	if (granule_lg2 != 12 && granule_lg2 != 14 && granule_lg2 != 16)
		return -EINVAL;
	return format == FH_FORMAT_S1 && granule_lg2 == 12 ? 0 : -ENOTSUP;
}

static int check_sizes(unsigned int ias, unsigned int oas)
{
	if (ias < IAS_MIN_TTST || ias > IAS_MAX_LARGE)
		return -EINVAL;
	switch (oas) {
	case 32:
	case 36:
	case 40:
	case 42:
	case 44:
	case 48:
		break;
	case 52:
		return -ENOTSUP;
	default:
		return -EINVAL;
	}
	return ias < IAS_MIN || ias > IAS_MAX ? -ENOTSUP : 0;
}

int fh_shape_init(struct fh_shape *shape, enum fh_format format, unsigned int granule_lg2,
		  unsigned int ias, unsigned int oas)
{
	struct fh_shape made = { .start_level = 3 };
	int format_err = check_format(format, granule_lg2);
	int sizes_err = check_sizes(ias, oas);

	/* What the architecture lacks is said before what is not built. */
	if (format_err == -EINVAL || sizes_err == -EINVAL)
		return -EINVAL;
	if (format_err || sizes_err)
		return -ENOTSUP;
	made.granule_lg2 = (uint8_t)granule_lg2;
	made.ias = (uint8_t)ias;
	made.oas = (uint8_t)oas;
	while (fh_shape_shift(&made, made.start_level) + fh_shape_stride(&made) < ias)
		made.start_level--;
	made.root_lg2 = (uint8_t)(ias - fh_shape_shift(&made, made.start_level) + 3);
	*shape = made;
	return 0;
}
