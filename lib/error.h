/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Error numbers. Actions return 0 or a negative errno; a firmware without a C
 * library gets the numbers from here.
 *
 * Context: any; nothing is touched.
 */
#ifndef FH_LIB_ERROR_H
#define FH_LIB_ERROR_H

#if __has_include(<errno.h>)
#include <errno.h>
#else
#define EPERM 1
#define ENOENT 2
#define EIO 5
#define ENOMEM 12
#define EFAULT 14
#define EBUSY 16
#define EEXIST 17
#define ENODEV 19
#define EINVAL 22
#define ENOSPC 28
#define ERANGE 34
#define ELOOP 40
#define ENOTSUP 95
#define ETIMEDOUT 110
#endif

/**
 * fh_error_name() - The symbol of an errno, for messages.
 * @err: an errno, negative or positive, or 0.
 *
 * Return: "EINVAL" and the like; "OK" for 0, "E?" for one that the library never returns.
 */
const char *fh_error_name(int err);

#endif
