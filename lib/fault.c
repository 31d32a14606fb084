/* SPDX-License-Identifier: BSD-2-Clause */
/* Names and the printable line of a refusal. */
#include "lib/fault.h"

#include "lib/error.h"

const char *fh_fault_name(enum fh_fault_code code)
{
	switch (code) {
	case FH_FAULT_NONE:
		return "none";
	case FH_FAULT_NULL_PAGE:
		return "null-page";
	case FH_FAULT_BAD_HANDLE:
		return "bad-handle";
	case FH_FAULT_STALE_HANDLE:
		return "stale-handle";
	case FH_FAULT_BORROWED:
		return "borrowed";
	case FH_FAULT_DOUBLE_FREE:
		return "double-free";
	case FH_FAULT_NOT_HELD:
		return "not-held";
	case FH_FAULT_TAIL:
		return "tail";
	case FH_FAULT_NO_FRAME:
		return "no-frame";
	case FH_FAULT_UNALIGNED:
		return "unaligned";
	case FH_FAULT_BOUNDS:
		return "bounds";
	case FH_FAULT_ABORT:
		return "external-abort";
	case FH_FAULT_ORDER:
		return "order";
	case FH_FAULT_RESERVED:
		return "reserved";
	case FH_FAULT_MAPPED:
		return "mapped";
	case FH_FAULT_DISTURBED:
		return "disturbed";
	case FH_FAULT_METADATA:
		return "metadata";
	case FH_FAULT_FOREIGN_ENTRY:
		return "foreign-entry";
	case FH_FAULT_OUTSIDE_WINDOW:
		return "outside-window";
	case FH_FAULT_LINK_LOST:
		return "link-lost";
	case FH_FAULT_TABLE_MOVED:
		return "table-moved";
	case FH_FAULT_TABLE_STATE:
		return "table-state";
	}
	return "unknown";
}

void fh_fault_describe(const struct fh_fault *fault, const struct fh_out *out)
{
	fh_out_str(out, "fh: ");
	fh_out_str(out, fault->part);
	fh_out_str(out, ": ");
	fh_out_hex(out, fault->addr, 0);
	fh_out_str(out, ": ");
	fh_out_hex(out, fault->value, 0);
	fh_out_str(out, ": ");
	fh_out_str(out, fh_fault_name(fault->code));
	if (fault->state) {
		fh_out_str(out, ", frame is ");
		fh_out_str(out, fault->state);
	}
	if (fault->declared_by) {
		fh_out_str(out, ", declared by ");
		fh_out_str(out, fault->declared_by);
	}
	if (fault->code == FH_FAULT_MAPPED) {
		fh_out_str(out, ", mapped at ");
		fh_out_hex(out, fault->at, 0);
	}
	if (fault->by) {
		fh_out_str(out, fault->code == FH_FAULT_MAPPED ? " by " : ", last owner ");
		fh_out_hex(out, (uintptr_t)fault->by, 0);
	}
	if (fault->caller) {
		fh_out_str(out, ", caller ");
		fh_out_hex(out, (uintptr_t)fault->caller, 0);
	}
	fh_out_str(out, " (");
	fh_out_str(out, fh_error_name(fault->err));
	fh_out_str(out, ")\n");
}
