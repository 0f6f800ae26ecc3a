/* SPDX-License-Identifier: MIT */
/* What a CPU may do, by name. */
#include <string.h>

#include <hosted.h>
#include <test.h>
#include <xen/bug.h>
#include <xen/domheap.h>
#include <xen/entry_update.h>
#include <xen/errno.h>
#include <xen/page_alloc.h>
#include <xen/page_ref.h>

#include <asm/contents.h>

#include "../model/pv_machine.h"
#include "actions.h"
#include "explore.h"
#include "points.h"

#define MAX_WORDS 8U
#define LAST_SLOT (PTES_PER_TABLE - 1U)

static struct page_info *leaf(unsigned int n)
{
    return cast.leaf[n];
}

static uint64_t table_entry(const struct page_info *pg)
{
    return pv_entry(pg, PV_TABLE);
}

static uint64_t child_entry(void)
{
    return table_entry(cast.child);
}

static uint64_t leaf_entry(unsigned int n)
{
    return pv_entry(leaf(n), cast.level > 1 ? PV_TABLE : PV_WRITE);
}

/* While the guest can write it, it puts something there that no table has. */
static void write_child(void)
{
    if (pv_read(cast.window, 0) & PTE_WRITABLE) {
        explore_point(frame_contents(page_to_mfn(cast.child)), 1, "write");
        pv_write(cast.child, 0, ~0UL);
    }
}

static void scribble(void)
{
    call_update(cast.window, 0, pv_entry(cast.child, PV_WRITE));
    write_child();
    call_update(cast.window, 0, 0);
}

/* And here it does not. */
static void borrow_child(void)
{
    call_update(cast.window, 0, pv_entry(cast.child, PV_WRITE));
    call_update(cast.window, 0, 0);
}

/* Somebody takes a reference for a moment, and believes what it says. */
static void look_at_child(void)
{
    if (!get_page(cast.child, guest))
        return;
    EXPECT(page_owner_tag(cast.child) == guest->tag);
    explore_point(&cast.child->inuse_overlay.owner, 0, "owner");
    EXPECT(page_owner_tag(cast.child) == guest->tag);
    put_page(cast.child);
}

/* The other domain's mapping, of its own and of the guest's frame. */
static void map_foreign(uint64_t flags)
{
    struct vcpu *v = &other->vcpu[0];

    if (vcpu_finish_deferred(v) == 0 &&
        update_entry(v, other, guest, cast.foreign, 1, 0,
                     flags ? pv_entry(cast.child, flags) : 0, 0))
        return;
}

/* The other domain takes a frame, perhaps the one just freed. */
static struct page_info *take_elsewhere(void)
{
    return alloc_domheap_pages(other, 0, HEAP_NO_LIMIT, 0);
}

/* And gives it back. */
static void give_elsewhere(void)
{
    struct page_info *pg = take_elsewhere();

    if (pg && get_page(pg, other)) {
        put_page_allocated(pg);
        put_page(pg);
    }
}

static void steal_child(void)
{
    if (steal_page(guest, cast.child, true, NULL) == 0)
        unsteal_page(guest, cast.child);
}

/* Each by its name: what it does is one expression. */
#define ACTION(name, what)                                                     \
    static void do_##name(void)                                                \
    {                                                                          \
        (void)(what);                                                          \
    }
#define ACTIONS(_)                                                             \
    _(pin_child, call_pin(cast.child, cast.level))                             \
    _(unpin_child, call_unpin(cast.child))                                     \
    _(pin_parent, call_pin(cast.parent, cast.level + 1))                       \
    _(unpin_parent, call_unpin(cast.parent))                                   \
    _(link_child, call_update(cast.parent, PARENT_SLOT, child_entry()))        \
    _(relink_child,                                                            \
      call_update(cast.parent, PARENT_SLOT, child_entry() | PTE_NX))           \
    _(unlink_child, call_update(cast.parent, PARENT_SLOT, 0))                  \
    _(link_elsewhere, call_update(cast.second, PARENT_SLOT, child_entry()))    \
    _(unlink_elsewhere, call_update(cast.second, PARENT_SLOT, 0))              \
    _(map_child, call_update(cast.window, 0, pv_entry(cast.child, PV_WRITE)))  \
    _(show_child, call_update(cast.window, 0, pv_entry(cast.child, PV_READ)))  \
    _(unmap_child, call_update(cast.window, 0, 0))                             \
    _(free_child, call_decrease(cast.child))                                   \
    _(exchange_child, call_exchange(cast.child))                               \
    _(take_frame, call_increase())                                             \
    _(swap_leaf, call_update(cast.child, LAST_SLOT, leaf_entry(0)))            \
    _(clear_leaf, call_update(cast.child, 0, 0))

#define OTHER_ACTIONS(_)                                                       \
    _(map_again, call_update(cast.window, 1, pv_entry(cast.child, PV_WRITE)))  \
    _(unmap_again, call_update(cast.window, 1, 0))                             \
    _(flush, call_flush())                                                     \
    _(pin_leaf, call_pin(leaf(0), cast.level - 1))                             \
    _(unpin_leaf, call_unpin(leaf(0)))                                         \
    _(base, call_base(cast.parent))                                            \
    _(base_elsewhere, call_base(cast.second))                                  \
    _(user_base, call_user_base(cast.parent))                                  \
    _(no_user_base, call_user_base(NULL))                                      \
    _(unpin_second, call_unpin(cast.second))                                   \
    _(gdt_of_leaf, call_gdt(leaf(0)))                                          \
    _(no_gdt, call_gdt(NULL))                                                  \
    _(map_leaf, call_update(cast.window, 1, pv_entry(leaf(0), PV_WRITE)))      \
    _(free_next, call_decrease(cast.next))                                     \
    _(map_next, call_update(cast.window, 1, pv_entry(cast.next, PV_WRITE)))    \
    _(take_elsewhere, take_elsewhere())                                        \
    _(give_elsewhere, (give_elsewhere(), 0))                                   \
    _(map_foreign, (map_foreign(PV_WRITE), 0))                                 \
    _(show_foreign, (map_foreign(PV_READ), 0))                                 \
    _(unmap_foreign, (map_foreign(0), 0))

ACTIONS(ACTION)
OTHER_ACTIONS(ACTION)

#define ROW(name, what) { #name, do_##name },
const struct action actions[] = {
    ACTIONS(ROW){ "scribble", scribble },
    { "borrow_child", borrow_child },
    { "look_at_child", look_at_child },
    { "steal_child", steal_child },
    { NULL, NULL },
};

static const struct action other_actions[] = {
    OTHER_ACTIONS(ROW){ "destroy", stage_destroy_guest },
    { NULL, NULL },
};
static const struct action *more_actions;

void words_add(const struct action *more)
{
    more_actions = more;
}

static void (*program[STAGE_CPUS][MAX_WORDS + 1])(void);

static const struct action *find(const struct action *it, const char *name,
                                 size_t length)
{
    while (it && it->name &&
           (strlen(it->name) != length || strncmp(it->name, name, length) != 0))
        it++;

    return it && it->name ? it : NULL;
}

static void (*word(const char *name, size_t length))(void)
{
    const struct action *it = find(actions, name, length);

    if (!it)
        it = find(other_actions, name, length);
    if (!it)
        it = find(more_actions, name, length);
    BUG_ON(!it);

    return it->run;
}

void program_set(unsigned int cpu, const char *names)
{
    unsigned int nr = 0;

    for (; *names; nr++) {
        size_t length = strcspn(names, " ");

        BUG_ON(nr == MAX_WORDS);
        program[cpu][nr] = word(names, length);
        names += length;
        names += strspn(names, " ");
    }
    program[cpu][nr] = NULL;
}

void program_run(void)
{
    void (**next)(void) = program[arch_cpu_id()];

    for (; *next; next++)
        (*next)();
}
