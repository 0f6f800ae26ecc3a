/* SPDX-License-Identifier: MIT */
/*
 * The seam: what the memory core asks of the machine below it.
 *
 * Each machine provides every function here, and <asm/processor.h> for what
 * must be inline. There are three: arch/x86, the bare metal; arch/hosted, a
 * process; and examples/embed, somebody else's hypervisor. What libtessera.a
 * lacks is exactly this list ('make check-seam').
 */
#ifndef XEN_ARCH_H
#define XEN_ARCH_H

#include <xen/compiler.h>
#include <xen/mm-frame.h>
#include <xen/types.h>

/**
 * arch_bug - report that the hypervisor broke one of its own rules, and stop.
 *
 * @file, @line: where it was noticed. @what: the rule, in words or in C.
 * Called with any lock held, from anywhere, and never returns. It may print.
 */
_Noreturn __cold void arch_bug(const char *file, int line, const char *what);

/**
 * arch_console_write - show @size bytes of text at @text.
 *
 * Lines end in '\n' alone. Called with console_lock held, so never by two CPUs
 * at once, but from arch_bug() possibly without it. Takes no lock of the core.
 */
void arch_console_write(const char *text, size_t size);

/**
 * arch_cpu_id - the number of the CPU that asks: 0 up to CONFIG_NR_CPUS - 1.
 */
unsigned int arch_cpu_id(void);

/**
 * arch_reserve_frame_table - address space for a frame table of @size bytes.
 *
 * @size is a multiple of 2 MiB. Nothing need be mapped there yet. Boot only.
 * Returns the start, aligned to 2 MiB, or NULL if there is not that much.
 */
void *arch_reserve_frame_table(size_t size);

/**
 * arch_map_frame_table - put memory under a piece of the frame table.
 *
 * Map @nr frames from @mfn on at @va, writable and not executable; all but a
 * few words of them stay untouched, as there may be very many. @va is inside
 * what arch_reserve_frame_table() gave, and is aligned to 2 MiB, as are @mfn
 * and @nr; the core owns the frames. Page tables may come from the boot memory
 * allocator, or when that has nothing left, as memory is added later, from the
 * heap: no lock is held.
 *
 * Returns 0, -ENOMEM (there is no frame for the page tables), or -EFAULT: the
 * frames are no memory, whatever the map says. A machine that knows where its
 * memory is need not look; one that looks also prints the address.
 */
__must_check int arch_map_frame_table(void *va, mfn_t mfn, unsigned long nr);

/* Clear @size bytes, whole superpages, of what was mapped so. At any time, with
 * any lock held, on any CPU; each once. */
void arch_open_frame_table(void *va, size_t size);

/**
 * arch_reserve_m2p - address space for a machine-to-physical table of @size.
 *
 * As arch_reserve_frame_table(), for <xen/m2p.h>.
 */
void *arch_reserve_m2p(size_t size);

/**
 * arch_map_m2p - put memory under a piece of that table.
 *
 * As arch_map_frame_table(). Guests cannot read it yet.
 */
__must_check int arch_map_m2p(void *va, mfn_t mfn, unsigned long nr);

/* As arch_open_frame_table(), but each byte is made 0xff, so each entry
 * M2P_INVALID. From then on guests may read it, where their interface says that
 * the table is. */
void arch_open_m2p(void *va, size_t size);

/**
 * arch_unmap_table - undo arch_map_frame_table() or arch_map_m2p().
 *
 * Of the @nr frames at @va as many are mapped as one of these had mapped when
 * it failed, or all. Nothing of them has been opened. Afterwards no CPU knows
 * what was mapped there. No lock is held, and the CPUs that there are answer.
 */
void arch_unmap_table(void *va, unsigned long nr);

/**
 * arch_alloc_table - memory for a table of the core's, for good.
 *
 * @size bytes or more, aligned to a page, from the boot allocator, if that is
 * where the machine's memory comes from. It may contain anything. Boot only.
 * Returns NULL if there is not that much in one piece.
 */
void *arch_alloc_table(size_t size);

/**
 * arch_load_base_pointer - translate by the table of level 4 @root from now on.
 *
 * INVALID_MFN: by the hypervisor's own. On this CPU. Forgets what was cached of
 * the guest's; the core flushes by the TLB clock besides.
 */
void arch_load_base_pointer(mfn_t root);

/* Forget what this CPU has cached of one page of the guest's, at @va. */
void arch_flush_tlb_page(uintptr_t va);

/**
 * arch_copy_from_guest, arch_copy_to_guest - where the guest may not be able
 * to.
 *
 * @size bytes, at an address that guest_range_ok() has approved, by the current
 * page tables, as a user may. Return 0, or -EFAULT: it could not; a part may
 * have been copied.
 */
__must_check int arch_copy_from_guest(void *to, uint64_t from, size_t size);
__must_check int arch_copy_to_guest(uint64_t to, const void *from, size_t size);

/* Forget every translation that this CPU has cached. Global ones too. */
void arch_flush_tlb_local(void);

/**
 * arch_send_ipi - interrupt @cpu, so that it calls smp_answer().
 *
 * Called with any lock held, never for the caller's own CPU, and only once a
 * second CPU has joined.
 */
void arch_send_ipi(unsigned int cpu);

#endif /* XEN_ARCH_H */
