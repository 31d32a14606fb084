/* SPDX-License-Identifier: BSD-2-Clause */
/* The control: nothing is wrong, so the harness must pass it. */
#include "broken.h"

_start:
	print_text
	finish	0

text:
	.ascii	"fh: boot: good\r\n"
	.ascii	"KTAP version 1\r\n"
	.ascii	"1..1\r\n"
	.ascii	"    KTAP version 1\r\n"
	.ascii	"    # Subtest: broken.good\r\n"
	.ascii	"    1..2\r\n"
	.ascii	"    ok 1 broken.good.first\r\n"
	.ascii	"    ok 2 broken.good.second # SKIP nothing to do\r\n"
	.ascii	"ok 1 broken.good\r\n"
	.byte	0
