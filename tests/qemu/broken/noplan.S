/* SPDX-License-Identifier: BSD-2-Clause */
/* Ends well without having said how many results there would be. */
#include "broken.h"

_start:
	print_text
	finish	0

text:
	.ascii	"KTAP version 1\r\n"
	.ascii	"ok 1 broken.noplan.first\r\n"
	.ascii	"ok 2 broken.noplan.second\r\n"
	.byte	0
