/* SPDX-License-Identifier: Apache-2.0 */
/* Barriers by their architectural names (Arm ARM, B2.3). */
#ifndef BARRIER_H
#define BARRIER_H

#ifdef __aarch64__
#define isb()		__asm__ volatile("isb" : : : "memory")
#define dsb(scope)	__asm__ volatile("dsb " #scope : : : "memory")
#define dmb(scope)	__asm__ volatile("dmb " #scope : : : "memory")
#define wfi()		__asm__ volatile("wfi" : : : "memory")
#define wfe()		__asm__ volatile("wfe" : : : "memory")
#define sev()		__asm__ volatile("sev" : : : "memory")
#else
#define isb()		((void)0)
#define dsb(scope)	__atomic_thread_fence(__ATOMIC_SEQ_CST)
#define dmb(scope)	__atomic_thread_fence(__ATOMIC_SEQ_CST)
#define wfi()		((void)0)
#define wfe()		((void)0)
#define sev()		((void)0)
#endif

#endif
