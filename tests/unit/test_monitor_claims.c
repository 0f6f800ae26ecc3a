/* SPDX-License-Identifier: MIT */
/* What the monitor tells of claims. */
#include "claiming_domains.h"
#include "monitor_answer.h"

TEST(monitor_claims, none_is_one_line)
{
    machine(1, 1);
    EXPECT(strstr(answer("claims"),
                  "claims  0 frames (0 B) of 0 domains, of 5.9 MiB free\n") ==
           hosted_console());
}

TEST(monitor_claims, each_is_shown_with_its_nodes)
{
    const struct claim both[] = { { 0, 256 }, { 1, 512 } };

    machine(2, 1);
    EXPECT_EQ(claim_pages(d, both, 2), 0);
    EXPECT_EQ(claim_pages(other, &(struct claim){ 1, 512 }, 1), 0);
    other->max_pages = 1024;
    EXPECT(get(other, 8) != NULL);
    answer("claims");
    expect_part("\nd1            3 MiB         0 B       4 PiB  node 0: 1 MiB, "
                "node 1: 2 MiB\n");
    expect_part("\nd2            1 MiB       1 MiB       4 MiB  node 1: "
                "1 MiB\n");
    expect_part("\nclaims  1024 frames (4 MiB) of 2 domains, of ");
    EXPECT(strstr(hosted_console(), "but by") == NULL);
    answer("heap");
    expect_part("  all claimed\n");
    expect_part("\nclaimed 1024 frames (4 MiB); available to all: ");
}

TEST(monitor_claims, that_they_do_not_add_up_is_said)
{
    machine(1, 1);
    EXPECT_EQ(claim(0, 100), 0);
    heap_nodes[0].nr_claimed++;
    answer("claims");
    expect_part("\n        but by the nodes' count 101\n");
}
