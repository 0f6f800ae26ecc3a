/* SPDX-License-Identifier: MIT */
/* What the monitor's commands "offline" and "online" do and answer. */
#include <xen/errno.h>
#include <xen/monitor.h>
#include <xen/numa.h>
#include <xen/offline.h>
#include <xen/printk.h>

/* Of frames that are out, the highest ones. */
#define MAX_FRAMES 16U

void monitor_show_place(mfn_t mfn)
{
    struct page_query query = query_page(mfn);

    console_printf("place   %s%s\n", page_place_name(query.place),
                   query.broken ? ", broken" : "");
}

static void show_frame(mfn_t mfn)
{
    struct page_query query = query_page(mfn);

    console_printf("%#14lx  node %u, %s%s\n", mfn_to_maddr(mfn),
                   node_of_pdx(mfn_to_pdx(mfn)), page_place_name(query.place),
                   query.broken ? ", broken" : "");
}

void monitor_show_offline(void)
{
    unsigned long nr = 0;

    for (mfn_t mfn = offline_last(INVALID_MFN); !mfn_eq(mfn, INVALID_MFN);
         mfn = offline_last(mfn))
        if (nr++ < MAX_FRAMES)
            show_frame(mfn);
    if (nr > MAX_FRAMES)
        console_printf("and %lu more\n", nr - MAX_FRAMES);
    console_printf("offline %lu frames; %lu in use are to follow\n",
                   offline_nr(), offline_nr_pending());
}

static const char *reason_text(int rc)
{
    switch (rc) {
    case -EINVAL: return "it is not RAM";
    case -EPERM: return "it is kept, and never the heap's";
    case -EEXIST: return "it was out, or pending, before";
    case -EACCES: return "its memory is broken";
    case -ENOENT: return "it is not out";
    case -EAGAIN: return "its user has not treated its frames one by one";
    }

    return NULL;
}

static void answer(const char *command, mfn_t mfn, int rc)
{
    const char *reason = reason_text(rc);

    if (reason)
        console_printf("%s refused: %s\n", command, reason);
    monitor_show_place(mfn);
}

void monitor_offline(mfn_t mfn, bool broken)
{
    answer("offline", mfn, offline_page(mfn, broken));
}

void monitor_online(mfn_t mfn)
{
    answer("online ", mfn, online_page(mfn));
}
