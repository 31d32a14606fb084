/* SPDX-License-Identifier: BSD-2-Clause */
/* Which descriptors a mutant of fields is about, and the bit that it holds. */
#include "tests/unit/mutant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/host/mutant.h"
#include "iommu/descriptor.h"

static char format[8], kind[8], high[8], granule[8];
static unsigned int bit, bit_value;
static const struct fh_pgtable *current;

void mutant_table(const struct fh_pgtable *table)
{
	current = table;
}

static bool is(const char *wanted, const char *name)
{
	return strcmp(wanted, "*") == 0 || strcmp(wanted, name) == 0;
}

static const char *format_name(const struct fh_shape *shape)
{
	if (shape->format == FH_FORMAT_S1)
		return shape->regime == FH_REGIME_EL1 ? "s1" : "single";
	return shape->format == FH_FORMAT_S2 ? "s2" : "uat";
}

static bool is_shape(const struct fh_shape *shape)
{
	static const char *const highs[] = {
		[FH_HIGH_NONE] = "none",
		[FH_HIGH_64K] = "64k",
		[FH_HIGH_LPA2] = "lpa2",
	};
	char number[8];

	snprintf(number, sizeof(number), "%u", shape->granule_lg2);
	return is(format, format_name(shape)) && is(high, highs[shape->high]) &&
	       is(granule, number);
}

/*
 * Links and pages look alike, and a store does not know its level. But of ours a link leads to a
 * frame that is HELD, and its bit 10 is 0, which in a page is the access flag.
 */
static bool is_link(uint64_t desc)
{
	fh_phys_addr_t pa = fh_phys(fh_desc_address(&current->shape, desc));

	return !(desc & FH_DESC_ACCESSED) &&
	       fh_frame_state(current->config.frames, pa) == FH_FRAME_HELD;
}

static const char *kind_of(uint64_t desc)
{
	if (!(desc & FH_DESC_TABLE_OR_PAGE))
		return "block";
	return is_link(desc) ? "link" : "page";
}

static uint64_t change(uint64_t desc)
{
	const char *name;

	if (!current || !(desc & FH_DESC_VALID) || !is_shape(&current->shape))
		return desc;
	name = kind_of(desc);
	if (!is(kind, name) && (strcmp(kind, "leaf") != 0 || strcmp(name, "link") == 0))
		return desc;
	return (desc & ~(UINT64_C(1) << bit)) | ((uint64_t)bit_value << bit);
}

__attribute__((constructor)) static void read_field(void)
{
	/* Which of two constructors is first is not said. */
	const char *text = getenv("FH_MUTANT");

	if (!text || strncmp(text, "field:", 6) != 0)
		return;
	if (sscanf(text, "field:%7[^:]:%7[^:]:%7[^:]:%7[^:]:%u:%u", format, kind, high, granule,
		   &bit, &bit_value) != 6 ||
	    bit > 63 || bit_value > 1) {
		fprintf(stderr, "fh: mutant: FH_MUTANT: %s: no field (EINVAL)\n", text);
		exit(2);
	}
	host_mutant_fields(change);
}
