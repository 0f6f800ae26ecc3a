/* SPDX-License-Identifier: MIT */
/* Where a guest may point, and what comes of it if it may not. */
#include <string.h>

#include <hosted.h>
#include <public/xen.h>
#include <test.h>
#include <xen/errno.h>
#include <xen/guest_access.h>

#define LOW_END 0x0000800000000000UL

static char memory[64];

TEST(guest_access, a_range_is_canonical_and_not_the_hypervisors)
{
    static const struct {
        uint64_t address, size;
        bool ok;
    } range[] = {
        { 0, 0, true },
        { 0, 1, true },
        { 0, LOW_END, true },
        { 0, LOW_END + 1, false },
        { LOW_END - 1, 1, true },
        { LOW_END - 1, 2, false },
        { LOW_END, 1, false },
        { 0x1000, ~0UL, false },
        { 0x1000, -0x1000UL, false },
        { 0xffff7fffffffffff, 1, false },
        { HYPERVISOR_VIRT_START, 1, false },
        { HYPERVISOR_VIRT_START - 1, 2, false },
        { HYPERVISOR_VIRT_END - 1, 1, false },
        { HYPERVISOR_VIRT_END - 1, 2, false },
        { HYPERVISOR_VIRT_END, 1, true },
        { HYPERVISOR_VIRT_END, -HYPERVISOR_VIRT_END, true },
        { HYPERVISOR_VIRT_END, 1 - HYPERVISOR_VIRT_END, false },
        { ~0UL, 1, true },
        { ~0UL, 2, false },
        { ~0UL, ~0UL, false },
    };

    for (unsigned int i = 0; i < ARRAY_SIZE(range); i++)
        if (guest_range_ok(range[i].address, range[i].size) != range[i].ok)
            test_fail(__FILE__, __LINE__, "row %u", i);
}

TEST(guest_access, what_is_there_is_copied_and_nothing_else)
{
    char text[8] = "";

    hosted_guest_memory(0x1000, memory, sizeof(memory));
    strcpy(memory, "before");
    EXPECT_EQ(copy_from_guest(text, 0x1000, 7), 0);
    EXPECT_STR(text, "before");
    EXPECT_EQ(copy_to_guest(0x1000 + 56, "after!!", 8), 0);
    EXPECT_STR(memory + 56, "after!!");
    EXPECT_EQ(copy_to_guest(0x1000 + 57, "after!!", 8), -EFAULT);
    EXPECT_EQ(copy_from_guest(text, 0xfff, 1), -EFAULT);
    EXPECT_EQ(copy_from_guest(text, 0x1040, 1), -EFAULT);
}

/* Even if something is there: no guest could use it. */
TEST(guest_access, the_hypervisors_addresses_are_not_even_tried)
{
    char text[8];

    hosted_guest_memory(HYPERVISOR_VIRT_START, memory, sizeof(memory));
    EXPECT_EQ(copy_from_guest(text, HYPERVISOR_VIRT_START, 8), -EFAULT);
    EXPECT_EQ(copy_to_guest(HYPERVISOR_VIRT_START, text, 8), -EFAULT);
    EXPECT_EQ(copy_element_from_guest(text, 0, HYPERVISOR_VIRT_START / 8, 8),
              -EFAULT);
    hosted_guest_memory(LOW_END, memory, sizeof(memory));
    EXPECT_EQ(copy_from_guest(text, LOW_END, 8), -EFAULT);
}

/* XSA-29, XSA-212: each element is checked where it is, not its array where
 * that begins. */
TEST(guest_access, an_index_that_wraps_leads_nowhere)
{
    char text[8] = "";

    hosted_guest_memory(0x1000, memory, sizeof(memory));
    strcpy(memory + 16, "third");
    EXPECT_EQ(copy_element_from_guest(text, 0x1000, 2, 8), 0);
    EXPECT_STR(text, "third");
    EXPECT_EQ(copy_element_to_guest(0x1000, 7, "eighth!", 8), 0);
    EXPECT_STR(memory + 56, "eighth!");
    EXPECT_EQ(copy_element_to_guest(0x1000, 8, "ninth!!", 8), -EFAULT);

    /* All of these would be elements 2 and 7 if numbers were not checked. */
    EXPECT_EQ(copy_element_from_guest(text, 0x1000, (1UL << 61) + 2, 8),
              -EFAULT);
    EXPECT_EQ(copy_element_from_guest(text, -0x1000UL, 0x402, 8), -EFAULT);
    EXPECT_EQ(copy_element_to_guest(-0x1000UL, 0x407, "never!!", 8), -EFAULT);
    EXPECT_EQ(copy_element_to_guest(0x1000, (1UL << 61) + 7, "never!!", 8),
              -EFAULT);
    EXPECT_STR(memory + 56, "eighth!");
}
