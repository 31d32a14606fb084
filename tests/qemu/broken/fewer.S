/* SPDX-License-Identifier: BSD-2-Clause */
/* Ends well after fewer results than planned. */
#include "broken.h"

_start:
	print_text
	finish	0

text:
	.ascii	"KTAP version 1\r\n"
	.ascii	"1..3\r\n"
	.ascii	"ok 1 broken.fewer.first\r\n"
	.ascii	"ok 2 broken.fewer.second\r\n"
	.byte	0
