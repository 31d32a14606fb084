/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each of the types, and an integer, given for each other: -DTO and -DFROM name values of
 * snippet.h.
 */
#include "tests/build/types/snippet.h"

#define TAKES_(name) takes_##name
#define TAKES(name) TAKES_(name)

bool snippet(void)
{
#ifdef RIGHT
	__typeof__(TO) given = TO;

	return TAKES(TO)(given);
#else
	__typeof__(FROM) given = FROM;

	return TAKES(TO)(given); /* error: incompatible type */
#endif
}
