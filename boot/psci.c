/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls to the firmware: PSCI (DEN0022, 5), by the SMC Calling Convention (DEN0028). */
#include "boot/psci.h"

#include "lib/error.h"

#define PSCI_SYSTEM_OFF UINT64_C(0x84000008)

int64_t psci_call(uint64_t function, uint64_t first, uint64_t second, uint64_t third, bool by_hvc);

static enum psci_conduit psci_conduit;

void psci_use(enum psci_conduit conduit)
{
	psci_conduit = conduit;
}

bool psci_present(void)
{
	return psci_conduit != PSCI_NONE;
}

int psci_cpu_on(uint64_t function, uint64_t mpidr, uint64_t entry, const char **name)
{
	/* By the negative of the number. */
	static const struct {
		const char *name;
		int err;
	} answer[] = {
		{ "SUCCESS", 0 },
		{ "NOT_SUPPORTED", -ENOTSUP },
		{ "INVALID_PARAMETERS", -EINVAL },
		{ "DENIED", -EPERM },
		{ "ALREADY_ON", -EEXIST },
		{ "ON_PENDING", -EBUSY },
		{ "INTERNAL_FAILURE", -EIO },
		{ "NOT_PRESENT", -ENODEV },
		{ "DISABLED", -EPERM },
		{ "INVALID_ADDRESS", -EFAULT },
	};
	/* The answer has 32 bits, whatever the firmware left in the upper half. */
	int32_t number = (int32_t)psci_call(function, mpidr, entry, 0, psci_conduit == PSCI_HVC);

	if (number > 0 || number <= -(int32_t)FH_ARRAY_SIZE(answer)) {
		*name = "an error that PSCI does not know";
		return -EIO;
	}
	*name = answer[-number].name;
	return answer[-number].err;
}

void psci_system_off(void)
{
	if (psci_present())
		(void)psci_call(PSCI_SYSTEM_OFF, 0, 0, 0, psci_conduit == PSCI_HVC);
}
