/* SPDX-License-Identifier: MIT */
/* What the monitor's commands "offline" and "online" do and answer. */
#include <xen/errno.h>
#include <xen/monitor.h>
#include <xen/offline.h>
#include <xen/printk.h>

void monitor_show_place(mfn_t mfn)
{
    struct page_query query = query_page(mfn);

    console_printf("place   %s%s\n", page_place_name(query.place),
                   query.broken ? ", broken" : "");
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
