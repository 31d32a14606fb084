/* SPDX-License-Identifier: BSD-2-Clause */
/* SemVer. No promise of a stable ABI before 1.0. */
#ifndef FH_LIB_VERSION_H
#define FH_LIB_VERSION_H

/* MAJOR.MINOR.PATCH; that of freehold.pc too. */
#define FH_VERSION "0.1.0"

#endif
