/* SPDX-License-Identifier: BSD-2-Clause */
/* What may overflow is checked. */
#include "tests/build/types/snippet.h"

bool snippet(void)
{
#ifdef RIGHT
	return fh_frames_to_size(integer, 12, &size);
#else
	fh_frames_to_size(integer, 12, &size); /* warning: ignoring return value */
	return true;
#endif
}
