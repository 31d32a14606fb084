/* SPDX-License-Identifier: BSD-2-Clause */
/* A result failed, and the status denies it. */
#include "broken.h"

_start:
	print_text
	finish	0

text:
	.ascii	"KTAP version 1\r\n"
	.ascii	"1..2\r\n"
	.ascii	"ok 1 broken.notok.first\r\n"
	.ascii	"not ok 2 broken.notok.second\r\n"
	.byte	0
