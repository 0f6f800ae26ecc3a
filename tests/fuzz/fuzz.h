/* SPDX-License-Identifier: MIT */
/* What fuzzers share: expectations, and bytes at the end of their memory. */
#ifndef FUZZ_H
#define FUZZ_H

#include <xen/arch.h>
#include <xen/boot_info.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What does not hold is a finding. */
#define EXPECT(condition)                                                      \
    ((condition) ? (void)0 : arch_bug(__FILE__, __LINE__, #condition))

/* Take @size bytes off the input into @to; zeros where it has no more. */
void fuzz_take(const uint8_t **data, size_t *left, void *to, size_t size);

/* A copy of the input in memory of its own, as it stands at @start. */
struct memory_window fuzz_window(const uint8_t *data, size_t size,
                                 paddr_t start);
void fuzz_window_free(const struct memory_window *window);

/* Expect that @info is in order, whatever it was made of. */
void fuzz_check_boot_info(const struct boot_info *info,
                          const struct memory_window *window);

#endif /* FUZZ_H */
