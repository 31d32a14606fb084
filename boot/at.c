/* SPDX-License-Identifier: BSD-2-Clause */
/* Address translation by the CPU: Arm ARM DDI 0487, D8.8 and D19.2.112 (PAR_EL1). */
#include "boot/at.h"

#include <barrier.h>
#include <sysreg.h>

#include "boot/el.h"
#include "lib/bits.h"
#include "lib/error.h"

#define PAR_F FH_BIT(0)
#define PAR_FST_SHIFT 1
#define PAR_FST_WIDTH 6
#define PAR_S FH_BIT(9)
#define PAR_SH_SHIFT 7
#define PAR_SH_WIDTH 2
#define PAR_ATTR_SHIFT 56
#define PAR_ATTR_WIDTH 8
#define PAR_PA_SHIFT 12
#define PAR_PA_WIDTH 40

/*
 * One half of TCR_EL1; the other half's fields are these shifted by 16, but for TG. VTCR_EL2 has
 * them in the same places.
 */
#define TCR_IRGN_ORGN_WB ((UINT64_C(1) << 8) | (UINT64_C(1) << 10))
#define TCR_SH_SHIFT 12
#define TCR_SH_WIDTH 2
#define TCR_TG0_SHIFT 14
#define TCR_TG0_WIDTH 2
#define TCR_EPD1 FH_BIT(23)
#define TCR_TG1_SHIFT 30
#define TCR_TG1_WIDTH 2
#define TCR_LOW_HALF FH_MASK(15, 0)
#define TCR_IPS_SHIFT 32
#define TCR_IPS_WIDTH 3
#define TCR_DS FH_BIT(59)

#define VTCR_SL0_SHIFT 6
#define VTCR_SL0_WIDTH 2
#define VTCR_PS_SHIFT 16
#define VTCR_PS_WIDTH 3
#define VTCR_RES1 FH_BIT(31)
#define VTCR_DS FH_BIT(32)
#define VTCR_SL2 FH_BIT(33)

#define HCR_VM FH_BIT(0)
#define HCR_DC FH_BIT(12)

#define MMFR0_PARANGE_SHIFT 0
#define MMFR0_PARANGE_WIDTH 4
#define MMFR1_XNX_SHIFT 28
#define MMFR1_XNX_WIDTH 4
#define MMFR2_VARANGE_SHIFT 16
#define MMFR2_VARANGE_WIDTH 4
#define MMFR2_ST_SHIFT 28
#define MMFR2_ST_WIDTH 4

static uint64_t saved_tcr;
static uint64_t saved_hcr;

/* ---- What the CPU has. */

static const uint8_t size_bits[] = { 32, 36, 40, 42, 44, 48, 52 };

struct at_cpu at_cpu(void)
{
	uint64_t parange = FH_FIELD_GET(MMFR0_PARANGE, arch_read_sysreg(id_aa64mmfr0_el1));
	uint64_t mmfr2 = arch_read_sysreg(s3_0_c0_c7_2); /* ID_AA64MMFR2_EL1 */

	return (struct at_cpu){
		.pa_bits = parange < sizeof(size_bits) ? size_bits[parange] : 52,
		.ias_least = FH_FIELD_GET(MMFR2_ST, mmfr2) ? 16 : 25,
		.large_input = FH_FIELD_GET(MMFR2_VARANGE, mmfr2) != 0,
		.xnx = FH_FIELD_GET(MMFR1_XNX, arch_read_sysreg(id_aa64mmfr1_el1)) != 0,
	};
}

/*
 * ID_AA64MMFR0_EL1: TGran4 in 31:28 and TGran64 in 27:24 are 0xf without, 1 with LPA2; TGran16 in
 * 23:20 is 0 without, 2 with LPA2. TGran4_2, TGran64_2 and TGran16_2 in 43:40, 39:36 and 35:32 are
 * 0 for the same as stage 1, 1 without, 2 with, 3 with LPA2.
 */
bool at_has_granule(bool stage_2, unsigned int granule_lg2, bool lpa2)
{
	uint64_t mmfr0 = arch_read_sysreg(id_aa64mmfr0_el1);
	unsigned int shift = granule_lg2 == 12 ? 28 : granule_lg2 == 16 ? 24 : 20;
	unsigned int shift_2 = granule_lg2 == 12 ? 40 : granule_lg2 == 16 ? 36 : 32;
	uint64_t first = mmfr0 >> shift & 15;
	uint64_t second = mmfr0 >> shift_2 & 15;

	if (lpa2 && granule_lg2 == 16)
		return false;
	if (stage_2 && second)
		return second >= (lpa2 ? 3u : 2u);
	if (granule_lg2 == 14)
		return first >= (lpa2 ? 2u : 1u);
	return first != 15 && first >= (lpa2 ? 1u : 0u);
}

/* ---- The registers. */

static uint64_t walk_half(const struct fh_pgtable *table)
{
	uint64_t half = 64u - table->config.ias;

	/* A walker that is not coherent is played by one that goes past the caches. */
	if (table->config.coherent)
		half |= TCR_IRGN_ORGN_WB;
	/* With DS it is the shareability of what is mapped as well. */
	if (table->config.lpa2)
		half |= FH_FIELD(TCR_SH, table->config.share);
	else if (table->config.coherent)
		half |= FH_FIELD(TCR_SH, FH_SHARE_INNER);
	return half;
}

static uint64_t output_size(unsigned int oas)
{
	uint64_t value = 0;

	while (value + 1 < sizeof(size_bits) && size_bits[value] < oas)
		value++;
	return value;
}

static uint64_t tg0(unsigned int granule_lg2)
{
	return FH_FIELD(TCR_TG0, granule_lg2 == 12 ? 0 : granule_lg2 == 16 ? 1 : 2);
}

static uint64_t tg1(unsigned int granule_lg2)
{
	return FH_FIELD(TCR_TG1, granule_lg2 == 12 ? 2 : granule_lg2 == 16 ? 3 : 1);
}

/* In a frame or larger, so that what bits 5:2 hold of a large address is all there is to move. */
static uint64_t ttbr(const struct fh_pgtable *table)
{
	uint64_t root = table->root.raw;

	return (root & FH_MASK(47, 6)) | (root >> 48 << 2);
}

/* SL0 and SL2 for the start level (D19.2.156). */
static uint64_t start_level(const struct fh_pgtable *table)
{
	int level = table->shape.start_level;

	if (table->config.granule_lg2 != 12)
		return FH_FIELD(VTCR_SL0, (unsigned int)(3 - level));
	if (level == -1)
		return VTCR_SL2;
	return FH_FIELD(VTCR_SL0, level == 3 ? 3u : (unsigned int)(2 - level));
}

static void begin_stage_2(const struct fh_pgtable *table)
{
	arch_write_sysreg(walk_half(table) | tg0(table->config.granule_lg2) | start_level(table) |
			      FH_FIELD(VTCR_PS, output_size(table->config.oas)) | VTCR_RES1 |
			      (table->config.lpa2 ? VTCR_DS : 0),
			  vtcr_el2);
	arch_write_sysreg(ttbr(table), vttbr_el2);
	arch_write_sysreg(SCTLR_EL1_OFF, sctlr_el1);
	arch_isb();
	arch_write_sysreg(saved_hcr | HCR_VM | HCR_DC, hcr_el2);
}

static void begin_el2(const struct fh_pgtable *table)
{
	arch_write_sysreg(table->config.mair, mair_el1);
	arch_write_sysreg(walk_half(table) | tg0(table->config.granule_lg2) | TCR_EPD1 |
			      FH_FIELD(TCR_IPS, output_size(table->config.oas)) |
			      (table->config.lpa2 ? TCR_DS : 0),
			  tcr_el1);
	arch_write_sysreg(ttbr(table), ttbr0_el1);
	arch_isb();
	arch_write_sysreg(SCTLR_EL1_OFF | 5, sctlr_el1); /* M and C */
}

static void begin_el1(const struct fh_pgtable *table)
{
	uint64_t tcr = saved_tcr & (TCR_LOW_HALF | FH_FIELD_MASK(TCR_IPS));

	arch_write_sysreg(ttbr(table), ttbr1_el1);
	arch_isb();
	arch_write_sysreg(tcr | walk_half(table) << 16 | tg1(table->config.granule_lg2), tcr_el1);
}

static void forget_all(void)
{
	arch_isb();
	if (arch_current_el() == 1)
		arch_tlbi_vmalle1is();
	else
		arch_tlbi_vmalls12e1is();
	arch_dsb_ish();
	arch_isb();
}

static const char *unable(const struct fh_pgtable *table)
{
	const struct fh_pgtable_config *config = &table->config;
	bool stage_2 = config->regime == FH_REGIME_STAGE2;

	if (!at_has_granule(stage_2, config->granule_lg2, config->lpa2))
		return "the CPU does not have the granule";
	if (arch_current_el() != 1)
		return NULL;
	if (stage_2)
		return "stage 2 belongs to EL2";
	if (config->lpa2)
		return "at EL1 the table's DS must be the kernel's own";
	return config->mair == FH_BOOT_MAIR ? NULL
					    : "at EL1 the table's MAIR must be the kernel's own";
}

int at_begin(const struct fh_pgtable *table, const char **why)
{
	const char *reason = unable(table);

	if (reason) {
		*why = reason;
		return -ENOTSUP;
	}
	saved_tcr = arch_read_sysreg(tcr_el1);
	if (arch_current_el() == 2)
		saved_hcr = arch_read_sysreg(hcr_el2);
	if (table->config.regime == FH_REGIME_STAGE2)
		begin_stage_2(table);
	else if (arch_current_el() == 1)
		begin_el1(table);
	else
		begin_el2(table);
	forget_all();
	return 0;
}

void at_end(void)
{
	if (arch_current_el() == 1) {
		arch_write_sysreg(saved_tcr, tcr_el1);
		arch_isb();
		arch_write_sysreg(0, ttbr1_el1);
	} else {
		arch_write_sysreg(SCTLR_EL1_OFF, sctlr_el1);
		arch_write_sysreg(saved_hcr, hcr_el2);
		arch_isb();
		arch_write_sysreg(0, ttbr0_el1);
		arch_write_sysreg(0, vttbr_el2);
		arch_write_sysreg(0, tcr_el1);
	}
	forget_all();
}

/* ---- Questions. */

static uint64_t input(const struct fh_pgtable *table, fh_dma_addr_t iova)
{
	return arch_current_el() == 1 ? iova.raw | ~UINT64_C(0) << table->config.ias : iova.raw;
}

static struct at_answer decode(uint64_t par, fh_dma_addr_t iova)
{
	struct at_answer answer = { .fault = par & PAR_F, .pa = FH_PHYS_INVALID };

	if (answer.fault) {
		answer.status = (uint8_t)FH_FIELD_GET(PAR_FST, par);
		answer.stage_2 = par & PAR_S;
		return answer;
	}
	answer.attr = (uint8_t)FH_FIELD_GET(PAR_ATTR, par);
	answer.share = (uint8_t)FH_FIELD_GET(PAR_SH, par);
	answer.pa = fh_phys((par & FH_FIELD_MASK(PAR_PA)) | (iova.raw & 0xfff));
	return answer;
}

static uint64_t ask_stage_1(uint64_t va, enum at_access access)
{
	switch (access) {
	case AT_READ:
		return arch_at_s1e1r(va);
	case AT_WRITE:
		return arch_at_s1e1w(va);
	case AT_USER_READ:
		return arch_at_s1e0r(va);
	default:
		return arch_at_s1e0w(va);
	}
}

static uint64_t ask_stage_2(uint64_t va, enum at_access access)
{
	switch (access) {
	case AT_READ:
		return arch_at_s12e1r(va);
	case AT_WRITE:
		return arch_at_s12e1w(va);
	case AT_USER_READ:
		return arch_at_s12e0r(va);
	default:
		return arch_at_s12e0w(va);
	}
}

struct at_answer at_ask(const struct fh_pgtable *table, fh_dma_addr_t iova, enum at_access access)
{
	if (table->config.regime == FH_REGIME_STAGE2)
		return decode(ask_stage_2(iova.raw, access), iova);
	return decode(ask_stage_1(input(table, iova), access), iova);
}

struct at_answer at_read(const struct fh_pgtable *table, fh_dma_addr_t iova)
{
	return at_ask(table, iova, AT_READ);
}

struct at_answer at_write(const struct fh_pgtable *table, fh_dma_addr_t iova)
{
	return at_ask(table, iova, AT_WRITE);
}
