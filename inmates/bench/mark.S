/* SPDX-License-Identifier: Apache-2.0 */
	.text
	.global	bench_mark
bench_mark:
	str	xzr, [x0]
	ret

	.global	bench_cpu_first
bench_cpu_first:
	str	xzr, [x0]
	b	inmate_secondary

	.section .note.GNU-stack, "", %progbits
