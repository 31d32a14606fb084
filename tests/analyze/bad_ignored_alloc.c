/* SPDX-License-Identifier: BSD-2-Clause */
/* Nobody has the handle. */
/* gcc: -Wunused-result */
/* clang: unix.Malloc */
#include "tests/analyze/snippet.h"

int snippet(struct fh_frames *frames)
{
	fh_page_alloc(frames, 0, 0);
	return 0;
}
