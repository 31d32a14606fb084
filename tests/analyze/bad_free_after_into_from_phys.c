/* SPDX-License-Identifier: BSD-2-Clause */
/* A page given back that was given away. */
/* gcc: -Wuse-after-free */
/* clang: unix.Malloc */
#include "tests/analyze/snippet.h"

int snippet(struct fh_frames *frames)
{
	struct fh_page *page = fh_page_from_phys(frames, fh_phys(0x40000000));

	if (!page)
		return -ENOMEM;
	if (!fh_phys_is_valid(fh_page_into_phys(frames, page)))
		return -EIO;
	return fh_page_free(frames, page);
}
