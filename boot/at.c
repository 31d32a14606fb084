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
#define PAR_SH_SHIFT 7
#define PAR_SH_WIDTH 2
#define PAR_ATTR_SHIFT 56
#define PAR_ATTR_WIDTH 8
#define PAR_PA_SHIFT 12
#define PAR_PA_WIDTH 36

/* One half of TCR_EL1; the other half's fields are these shifted by 16, but for TG. */
#define TCR_IRGN_ORGN_WB ((UINT64_C(1) << 8) | (UINT64_C(1) << 10))
#define TCR_SH_INNER (UINT64_C(3) << 12)
#define TCR_EPD0 FH_BIT(7)
#define TCR_EPD1 FH_BIT(23)
#define TCR_TG1_4K (UINT64_C(2) << 30)
#define TCR_LOW_HALF FH_MASK(15, 0)
#define TCR_IPS_SHIFT 32
#define TCR_IPS_WIDTH 3

static uint64_t saved_tcr;

static uint64_t walk_half(const struct fh_pgtable *table)
{
	uint64_t half = 64u - table->config.ias;

	/* A walker that is not coherent is played by one that goes past the caches. */
	if (table->config.coherent)
		half |= TCR_IRGN_ORGN_WB | TCR_SH_INNER;
	return half;
}

static uint64_t output_size(unsigned int oas)
{
	static const unsigned char bits[] = { 32, 36, 40, 42, 44, 48 };
	uint64_t value = 0;

	while (value + 1 < sizeof(bits) && bits[value] < oas)
		value++;
	return value;
}

static void begin_el2(const struct fh_pgtable *table)
{
	arch_write_sysreg(table->config.mair, mair_el1);
	arch_write_sysreg(walk_half(table) | TCR_EPD1 |
			      FH_FIELD(TCR_IPS, output_size(table->config.oas)),
			  tcr_el1);
	arch_write_sysreg(table->root.raw, ttbr0_el1);
	arch_isb();
	arch_write_sysreg(SCTLR_EL1_OFF | 5, sctlr_el1); /* M and C */
}

static void begin_el1(const struct fh_pgtable *table)
{
	uint64_t tcr = saved_tcr & (TCR_LOW_HALF | FH_FIELD_MASK(TCR_IPS));

	arch_write_sysreg(table->root.raw, ttbr1_el1);
	arch_isb();
	arch_write_sysreg(tcr | walk_half(table) << 16 | TCR_TG1_4K, tcr_el1);
}

int at_begin(const struct fh_pgtable *table, const char **why)
{
	saved_tcr = arch_read_sysreg(tcr_el1);
	if (arch_current_el() == 1) {
		if (table->config.mair != FH_BOOT_MAIR) {
			*why = "at EL1 the table's MAIR must be the kernel's own";
			return -ENOTSUP;
		}
		begin_el1(table);
	} else {
		begin_el2(table);
	}
	arch_isb();
	arch_tlbi_vmalle1is();
	arch_dsb_ish();
	arch_isb();
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
		arch_isb();
		arch_write_sysreg(0, ttbr0_el1);
	}
	arch_isb();
	arch_tlbi_vmalle1is();
	arch_dsb_ish();
	arch_isb();
}

static uint64_t input(const struct fh_pgtable *table, fh_dma_addr_t iova)
{
	return arch_current_el() == 1 ? iova.raw | ~UINT64_C(0) << table->config.ias : iova.raw;
}

static struct at_answer decode(uint64_t par, fh_dma_addr_t iova)
{
	struct at_answer answer = { .fault = par & PAR_F, .pa = FH_PHYS_INVALID };

	if (answer.fault) {
		answer.status = (uint8_t)FH_FIELD_GET(PAR_FST, par);
		return answer;
	}
	answer.attr = (uint8_t)FH_FIELD_GET(PAR_ATTR, par);
	answer.share = (uint8_t)FH_FIELD_GET(PAR_SH, par);
	answer.pa = fh_phys((par & FH_FIELD_MASK(PAR_PA)) | (iova.raw & 0xfff));
	return answer;
}

struct at_answer at_read(const struct fh_pgtable *table, fh_dma_addr_t iova)
{
	return decode(arch_at_s1e1r(input(table, iova)), iova);
}

struct at_answer at_write(const struct fh_pgtable *table, fh_dma_addr_t iova)
{
	return decode(arch_at_s1e1w(input(table, iova)), iova);
}
