/* SPDX-License-Identifier: MIT */
/*
 * What the monitor's command "domains" answers: who there is, what each has,
 * and by what its vCPUs translate. And "audit": whether all that adds up.
 */
#include <xen/audit.h>
#include <xen/domain.h>
#include <xen/errno.h>
#include <xen/frame_table.h>
#include <xen/monitor.h>
#include <xen/printk.h>

static const char *state_text(const struct domain *d)
{
    switch (__atomic_load_n(&d->state, __ATOMIC_RELAXED)) {
    case DOMAIN_ALIVE:
        return __atomic_load_n(&d->pauses, __ATOMIC_RELAXED) ? "paused"
                                                             : "alive";
    case DOMAIN_DYING: return "dying";
    case DOMAIN_DEAD: return "dead";
    }

    return "in no state";
}

static void show_holder(const char *name, const struct page_holder *h)
{
    if (h->hold == HOLD_NONE)
        return;
    console_printf("%s mfn %#lx%s", name, mfn_x(page_to_mfn(h->page)),
                   h->hold == HOLD_HALF ? " (half)" : "");
}

static unsigned int nr_held(const struct page_holder *h, unsigned int nr)
{
    unsigned int held = 0;

    for (unsigned int i = 0; i < nr; i++)
        held += h[i].hold != HOLD_NONE;

    return held;
}

static void show_vcpu(const struct vcpu *v)
{
    console_printf("  vcpu %-4u%s", v->id,
                   __atomic_load_n(&v->running, __ATOMIC_RELAXED) ? "runs"
                                                                  : "waits");
    show_holder(", kernel's base", &v->kernel_base);
    show_holder(", user's base", &v->user_base);
    show_holder(", put off", &v->deferred);
    console_printf(", descriptors in %u frames\n",
                   nr_held(v->gdt, GDT_FRAMES) + nr_held(v->ldt, LDT_FRAMES));
}

static const char *name_of(const struct domain *d)
{
    if (d == dom_io)
        return ", of devices";
    if (d == dom_xen)
        return ", of the hypervisor";

    return d->privileged ? ", privileged" : "";
}

static void show_domain(const struct domain *d)
{
    console_printf("d%-7u%s%s, %lu frames", d->id, state_text(d), name_of(d),
                   d->nr_pages);
    if (d->nr_vcpus > 0)
        console_printf(" of at most %lu", d->max_pages);
    console_printf(" and %lu extra, %lu references\n", d->nr_extra_pages,
                   __atomic_load_n(&d->references, __ATOMIC_RELAXED));
    for (unsigned int i = 0; i < d->nr_vcpus; i++)
        show_vcpu(&d->vcpu[i]);
}

void monitor_show_domains(void)
{
    const struct domain *d = domain_next(NULL);

    if (!d)
        console_printf("domains none\n");
    for (; d; d = domain_next(d))
        show_domain(d);
}

void monitor_audit(void)
{
    int broken = audit();

    if (broken == -ENOMEM)
        console_printf("audit   not possible: no memory to count in\n");
    else if (broken)
        console_printf("audit   breaks I%d\n", broken);
    else
        console_printf("audit   every invariant holds\n");
}
