/* SPDX-License-Identifier: BSD-2-Clause */
/* Results without a plan. */
#include "broken.inc"
	say	"KTAP version 1\n    KTAP version 1\n    ok 1 broken.one.a\nok 1 broken.one\n"
	end	0
