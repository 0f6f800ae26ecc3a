/* SPDX-License-Identifier: MIT */
/*
 * The guest's interface to grants: frames that one domain lets another use.
 *
 * A domain has a table that it shares with the hypervisor; the number of an
 * entry in it is a reference, which it tells the other. It is Xen's interface,
 * version 1 of the table, as far as it goes.
 */
#ifndef PUBLIC_GRANT_TABLE_H
#define PUBLIC_GRANT_TABLE_H

#include "xen.h"

typedef unsigned int grant_ref_t;
typedef unsigned int grant_handle_t;

/* An entry. Written by the guest, but for the two marks, and read by the
 * hypervisor: the flags last, when the rest is in place. */
struct grant_entry_v1 {
    unsigned short flags; /* GTF_ */
    domid_t domid;        /* who may use the frame */
    unsigned int frame;
};

#define GTF_invalid         0U
#define GTF_permit_access   1U
#define GTF_accept_transfer 2U
#define GTF_transitive      3U
#define GTF_type_mask       3U

#define GTF_readonly (1U << 2)
#define GTF_reading  (1U << 3) /* a mark: it is in use */
#define GTF_writing  (1U << 4) /* a mark: it is in use and may be written */
#define GTF_PWT      (1U << 5)
#define GTF_PCD      (1U << 6)
#define GTF_PAT      (1U << 7)
#define GTF_sub_page (1U << 8)

/* Commands of the hypercall. Its other arguments: an array, and how many. */
#define GNTTABOP_map_grant_ref   0
#define GNTTABOP_unmap_grant_ref 1
#define GNTTABOP_setup_table     2
#define GNTTABOP_copy            5
#define GNTTABOP_query_size      6
#define GNTTABOP_set_version     8
#define GNTTABOP_get_version     10

/* How to map, and what host_addr is: an address in the guest's address space,
 * or the machine address of an entry of a page table. */
#define GNTMAP_device_map      (1U << 0)
#define GNTMAP_host_map        (1U << 1)
#define GNTMAP_readonly        (1U << 2)
#define GNTMAP_application_map (1U << 3)
#define GNTMAP_contains_pte    (1U << 4)
#define _GNTMAP_guest_avail0   16 /* three bits for the guest's own use */

/* What has become of one element. */
#define GNTST_okay              0
#define GNTST_general_error     (-1)
#define GNTST_bad_domain        (-2)
#define GNTST_bad_gntref        (-3)
#define GNTST_bad_handle        (-4)
#define GNTST_bad_virt_addr     (-5)
#define GNTST_bad_dev_addr      (-6)
#define GNTST_no_device_space   (-7)
#define GNTST_permission_denied (-8)
#define GNTST_bad_page          (-9)
#define GNTST_bad_copy_arg      (-10)
#define GNTST_address_too_big   (-11)
#define GNTST_eagain            (-12)
#define GNTST_no_space          (-13)

struct gnttab_map_grant_ref {
    unsigned long host_addr;
    unsigned int flags; /* GNTMAP_ */
    grant_ref_t ref;
    domid_t dom;
    short status;               /* out, as all that follow */
    grant_handle_t handle;      /* to unmap it by */
    unsigned long dev_bus_addr; /* where devices find the frame */
};

/* An address of 0: leave that side mapped. */
struct gnttab_unmap_grant_ref {
    unsigned long host_addr;
    unsigned long dev_bus_addr;
    grant_handle_t handle;
    short status; /* out */
};

struct gnttab_setup_table {
    domid_t dom;
    unsigned int nr_frames;    /* at least */
    short status;              /* out */
    unsigned long *frame_list; /* their numbers are written there */
};

#define GNTCOPY_source_gref (1U << 0)
#define GNTCOPY_dest_gref   (1U << 1)

struct gnttab_copy {
    struct gnttab_copy_ptr {
        union {
            grant_ref_t ref;
            unsigned long gmfn; /* a frame of the caller's own */
        } u;
        domid_t domid;
        unsigned short offset;
    } source, dest;
    unsigned short len;
    unsigned short flags; /* GNTCOPY_ */
    short status;         /* out */
};

struct gnttab_query_size {
    domid_t dom;
    unsigned int nr_frames; /* out, as all that follow */
    unsigned int max_nr_frames;
    short status;
};

/* Not an array: one of them. */
struct gnttab_set_version {
    unsigned int version; /* out: the one that it is now */
};

struct gnttab_get_version {
    domid_t dom;
    unsigned int version; /* out */
};

#endif /* PUBLIC_GRANT_TABLE_H */
