/* SPDX-License-Identifier: BSD-2-Clause */
/* Ends well and says nothing. */
#include "broken.inc"
	end	0
