/* SPDX-License-Identifier: BSD-2-Clause */
/* A function that is to give a number of bytes gives no other number. */
#include "tests/build/types/snippet.h"

static fh_resource_size_t bytes(void)
{
#ifdef RIGHT
	return fh_resource_size(integer);
#else
	return integer; /* error: incompatible (result )?type */
#endif
}

bool snippet(void)
{
	return takes_size(bytes());
}
