# SPDX-License-Identifier: BSD-2-Clause
# U-Boot hands over a page table: stage 1, 4 KiB granule, 39 bits of input, so the root is at level 1.
#
#   root [0] -> A [0] -> B [0..15]  firmware, read and execute
#                        B [16]     not zero, invalid: the firmware's note
#                        B [24..]   window 0, but B [32] is a live page of the firmware
#               A [1]    2 MiB block of RAM, read only
#        [1] -> C        window 1, but C [511] is the firmware's note
#        [2]             the firmware's note
#        [3]             window 2: nothing below it yet
#
# All numbers are hexadecimal.

# What the firmware keeps, and the copy of the tree. To be adapted to the board.
setenv root 42000000
setenv tables 42010000
setenv firmware 42020000
setenv shared 42030000
setenv tree 43000000
setenv tree_end 43200000
setenv device 9010000

# The Image lies below them; U-Boot, with 16 MiB for its stack, above.
load virtio 0:1 ${kernel_addr_r} freehold.img
setexpr at ${kernel_addr_r} + 10
setexpr kernel_end *${at}
setexpr kernel_end ${kernel_addr_r} + ${kernel_end}
setexpr loader ${fdtcontroladdr} - 1000000
if itest ${kernel_end} -gt ${root} || itest ${loader} -lt ${tree_end}; then
	echo "boot.cmd: ${root}..${tree_end}: overlaps the Image or U-Boot"
else
	# All of the rest, because U-Boot 2023.01 does not leave a script by exit.

	# Zero is what may be taken; other memory gets what is neither zero nor a valid descriptor.
	mw.q ${root} 0 200
	mw.q ${tables} 0 600
	mw.q ${firmware} a5a5a5a5a5a5a5a4 2000
	mw.q ${shared} a5a5a5a5a5a5a5a4 2000

	# Arm ARM DDI 0487, D8.3. Memory type 0 of freehold,mair, inner shareable, AF; for EL1 alone.
	setenv code 0040000000000783
	setenv data 0060000000000703
	setenv block 0060000000000781
	setenv note feed0000
	setexpr A ${tables} + 0
	setexpr B ${tables} + 1000
	setexpr C ${tables} + 2000
	setenv put 'setexpr at ${index} * 8; setexpr at ${table} + ${at}; mw.q ${at} ${entry}'

	table=${B}
	setenv page ${firmware}
	for index in 0 1 2 3 4 5 6 7 8 9 a b c d e f; do
		setexpr entry ${page} + ${code}
		run put
		setexpr page ${page} + 1000
	done
	setenv entry ${note}; index=10; run put
	setexpr entry ${firmware} + ${data}; index=20; run put
	table=${C}
	setenv entry ${note}; index=1ff; run put
	table=${A}
	setexpr entry ${B} + 3; index=0; run put
	setexpr entry ${root} + ${block}; index=1; run put
	table=${root}
	setexpr entry ${A} + 3; index=0; run put
	setexpr entry ${C} + 3; index=1; run put
	setenv entry ${note}; index=2; run put

	# A copy of the tree, with room for what is said of all this.
	fdt addr ${fdtcontroladdr}
	fdt move ${fdtcontroladdr} ${tree}
	fdt addr ${tree}
	fdt resize 2000
	fdt mknode / reserved-memory
	fdt set /reserved-memory "#address-cells" <2>
	fdt set /reserved-memory "#size-cells" <2>
	fdt set /reserved-memory ranges

	# Phandles are numbers that no other node has.
	setenv node /reserved-memory/translation-root@${root}
	fdt mknode /reserved-memory translation-root@${root}
	fdt set ${node} reg <0x0 0x${root} 0x0 0x1000>
	fdt set ${node} phandle <0xf001>
	setenv node /reserved-memory/translation-tables@${tables}
	fdt mknode /reserved-memory translation-tables@${tables}
	fdt set ${node} reg <0x0 0x${tables} 0x0 0x3000>
	fdt set ${node} phandle <0xf002>
	setenv node /reserved-memory/shared@${shared}
	fdt mknode /reserved-memory shared@${shared}
	fdt set ${node} reg <0x0 0x${shared} 0x0 0x10000>
	fdt set ${node} phandle <0xf003>
	fdt mknode /reserved-memory firmware@${firmware}
	fdt set /reserved-memory/firmware@${firmware} reg <0x0 0x${firmware} 0x0 0x10000>

	# dts/bindings/freehold,shared-table.yaml
	setenv node /translated-device@${device}
	fdt mknode / translated-device@${device}
	fdt set ${node} compatible "freehold,shared-table"
	fdt set ${node} reg <0x0 0x${device} 0x0 0x1000>
	fdt set ${node} memory-region <0xf001 0xf002 0xf003>
	fdt set ${node} memory-region-names "root" "pagetables" "shared"
	fdt set ${node} freehold,granule <0x1000>
	fdt set ${node} freehold,stage <1>
	fdt set ${node} freehold,input-bits <0x27>
	fdt set ${node} freehold,output-bits <0x28>
	fdt set ${node} freehold,mair <0x0 0x444ff>
	fdt set ${node} freehold,windows <0x0 0x18000 0x0 0x1e8000 0x0 0x40000000 0x0 0x40000000 0x0 0xc0000000 0x0 0x40000000>
	fdt set ${node} dma-coherent

	# It cleans the caches, and may move the tree: never into what /reserved-memory declares.
	booti ${kernel_addr_r} - ${tree}
fi
