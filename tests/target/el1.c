/* SPDX-License-Identifier: BSD-2-Clause */
/* Accesses at EL1, and what the syndrome registers say of them: Arm ARM DDI 0487, D19.2.37. */
#include "tests/target/el1.h"

#include <string.h>

#include <barrier.h>
#include <cache.h>
#include <sysreg.h>

#include "boot/trap.h"
#include "lib/bits.h"

#define ESR_EC_IABT_LOWER 0x20u
#define ESR_EC_DABT_LOWER 0x24u
#define HVC_IMMEDIATE 0xffffu
#define HVC_FAULT 1u

extern const char el1_code[], el1_code_end[];
extern const char el1_load[], el1_store[], el1_load_user[], el1_store_user[], el1_execute[];
uint64_t el1_enter(uint64_t code, uint64_t address, uint64_t value);

static uint64_t code_iova;

void el1_place(void *memory, uint64_t iova)
{
	memcpy(memory, el1_code, (size_t)(el1_code_end - el1_code));
	arch_cache_clean(memory, EL1_CODE_BYTES);
	arch_dsb_ish();
	__asm__ volatile("ic ialluis");
	arch_dsb_ish();
	arch_isb();
	code_iova = iova;
	arch_write_sysreg(iova, vbar_el1);
	arch_isb();
}

static struct el1_outcome outcome_of(uint64_t value)
{
	uint64_t esr = arch_read_sysreg(esr_el2);
	uint64_t class = FH_FIELD_GET(ESR_EC, esr);

	if (class == ESR_EC_IABT_LOWER || class == ESR_EC_DABT_LOWER)
		return (struct el1_outcome){ .fault = true,
					     .stage_2 = true,
					     .status = (uint8_t)FH_FIELD_GET(ESR_FSC, esr),
					     .far = arch_read_sysreg(far_el2) };
	if (class != ESR_EC_HVC)
		return (struct el1_outcome){ .strange = true, .value = esr };
	if ((esr & HVC_IMMEDIATE) != HVC_FAULT)
		return (struct el1_outcome){ .value = value };
	esr = arch_read_sysreg(esr_el1);
	class = FH_FIELD_GET(ESR_EC, esr);
	if (class != ESR_EC_IABT_SAME && class != ESR_EC_DABT_SAME)
		return (struct el1_outcome){ .strange = true, .value = esr };
	return (struct el1_outcome){ .fault = true,
				     .status = (uint8_t)FH_FIELD_GET(ESR_FSC, esr),
				     .far = arch_read_sysreg(far_el1) };
}

static struct el1_outcome run(const char *code, uint64_t iova, uint64_t value)
{
	uint64_t entry = code_iova + (uint64_t)(code - el1_code);

	return outcome_of(el1_enter(entry, iova, value));
}

struct el1_outcome el1_access(uint64_t iova, enum at_access access, uint64_t value)
{
	const char *const code[] = {
		[AT_READ] = el1_load,
		[AT_WRITE] = el1_store,
		[AT_USER_READ] = el1_load_user,
		[AT_USER_WRITE] = el1_store_user,
	};

	return run(code[access], iova, value);
}

struct el1_outcome el1_fetch(uint64_t iova)
{
	return run(el1_execute, iova, 0);
}
