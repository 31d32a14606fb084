/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints more results than planned. */
#include "broken.h"

_start:
	print_text
	finish	0

text:
	.ascii	"KTAP version 1\r\n"
	.ascii	"1..1\r\n"
	.ascii	"ok 1 broken.more.first\r\n"
	.ascii	"ok 2 broken.more.second\r\n"
	.byte	0
