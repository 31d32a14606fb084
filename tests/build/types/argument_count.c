/* SPDX-License-Identifier: BSD-2-Clause */
/* A count of bytes is no count of frames. */
#include "tests/build/types/snippet.h"

bool snippet(void)
{
#ifdef RIGHT
	return fh_frames_to_size(integer, 12, &size);
#else
	return fh_frames_to_size(size, 12, &size); /* error: incompatible type */
#endif
}
