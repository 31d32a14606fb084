/* SPDX-License-Identifier: BSD-2-Clause */
/* What the strict walker says when it refuses. */
#include "tests/oracle/walker.h"

static const char *const names[ORACLE_ERRORS] = {
	[ORACLE_OK] = "nothing",
	[ORACLE_GRANULE] = "no such granule",
	[ORACLE_INPUT_SIZE] = "input size that the granule does not have",
	[ORACLE_OUTPUT_SIZE] = "output size that the granule does not have",
	[ORACLE_START_LEVEL] = "start level that the input size does not have",
	[ORACLE_ROOT_ALIGNMENT] = "root not aligned to its size",
	[ORACLE_ROOT_ADDRESS] = "root beyond the output size",
	[ORACLE_INPUT_ADDRESS] = "address beyond the input size",
	[ORACLE_NO_MEMORY] = "table where no memory is",
	[ORACLE_RESERVED_TYPE] = "reserved descriptor at level 3",
	[ORACLE_BLOCK_LEVEL] = "block at a level that has none",
	[ORACLE_TABLE_RES0] = "RES0 bit set in a table descriptor",
	[ORACLE_TABLE_ADDRESS] = "table beyond the output size",
	[ORACLE_LEAF_RES0] = "RES0 bit set in a block or page",
	[ORACLE_LEAF_RES1] = "AP[1] clear with a single privilege",
	[ORACLE_LOW_BITS] = "low bits set in the address of a block",
	[ORACLE_OUTPUT_ADDRESS] = "block or page beyond the output size",
	[ORACLE_SHARE] = "reserved shareability",
	[ORACLE_MEMORY_TYPE] = "reserved memory type",
	[ORACLE_RUN_LEVEL] = "contiguous hint at a level that has none",
	[ORACLE_RUN_CUT] = "contiguous run longer than its table",
	[ORACLE_RUN_HINT] = "contiguous run with an entry that is no part of it",
	[ORACLE_RUN_ADDRESS] = "contiguous run whose addresses are not contiguous and aligned",
	[ORACLE_RUN_ATTRIBUTES] = "contiguous run with different attributes",
};

const char *oracle_error_name(enum oracle_error error)
{
	return error < ORACLE_ERRORS ? names[error] : "no such error";
}
