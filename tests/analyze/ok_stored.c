/* SPDX-License-Identifier: BSD-2-Clause */
/* An object owns its page between two calls. */
#include "tests/analyze/snippet.h"

struct buffer {
	struct fh_page *page;
};

static struct buffer buffer;

static int buffer_open(struct fh_frames *frames)
{
	buffer.page = fh_page_alloc(frames, 2, 0);
	return buffer.page ? 0 : -ENOMEM;
}

static int buffer_close(struct fh_frames *frames)
{
	struct fh_page *page = buffer.page;

	buffer.page = NULL;
	return page ? fh_page_free(frames, page) : 0;
}

int snippet(struct fh_frames *frames)
{
	int err = buffer_open(frames);

	return err ? err : buffer_close(frames);
}
