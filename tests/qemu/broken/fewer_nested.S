/* SPDX-License-Identifier: BSD-2-Clause */
/* A suite calls itself good after fewer results than planned. */
#include "broken.h"

_start:
	print_text
	finish	0

text:
	.ascii	"KTAP version 1\r\n"
	.ascii	"1..1\r\n"
	.ascii	"    KTAP version 1\r\n"
	.ascii	"    1..3\r\n"
	.ascii	"    ok 1 broken.fewer_nested.first\r\n"
	.ascii	"ok 1 broken.fewer_nested\r\n"
	.byte	0
