/* SPDX-License-Identifier: BSD-2-Clause */
/* All good, and a failing status. */
#include "broken.inc"
	head	1
	say	"    1..1\n    ok 1 broken.one.a\nok 1 broken.one\n"
	end	2
