/* SPDX-License-Identifier: MIT */
/* Words that the compiler understands, and C11 has no name for. */
#ifndef XEN_COMPILER_H
#define XEN_COMPILER_H

#define __must_check    __attribute__((warn_unused_result))
#define __packed        __attribute__((packed))
#define __aligned(n)    __attribute__((aligned(n)))
#define __printf(f, a)  __attribute__((format(printf, f, a)))
#define __cold          __attribute__((cold))
#define __section(name) __attribute__((section(name)))
#define __used          __attribute__((used))
#define __noinline      __attribute__((noinline))
#define __inlined       inline __attribute__((always_inline))

/* Data of one CPU alone is kept from its neighbours' by this. */
#define __cache_aligned __aligned(64)

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* The number of elements of an array; a pointer does not compile. */
#define ARRAY_SIZE(a)                                                          \
    (sizeof(a) / sizeof((a)[0]) +                                              \
     0 * sizeof(struct {                                                       \
         int not_a_pointer                                                     \
             : !__builtin_types_compatible_p(typeof(a), typeof(&(a)[0]))       \
               ? 1                                                             \
               : -1;                                                           \
     }))

/*
 * Lock rules that the compiler checks: clang -Wthread-safety reads them, gcc
 * skips them. On a prototype they stand last; on the definition of a static
 * function, which C allows no attribute behind, they stand first.
 */
#ifdef __clang__
#define LOCK_ATTR(x) __attribute__((x))
#else
#define LOCK_ATTR(x)
#endif

#define __lock_type        LOCK_ATTR(capability("lock"))
#define __guarded_by(l)    LOCK_ATTR(guarded_by(l))
#define __acquires(l)      LOCK_ATTR(acquire_capability(l))
#define __releases(l)      LOCK_ATTR(release_capability(l))
#define __must_hold(l)     LOCK_ATTR(requires_capability(l))
#define __no_lock_analysis LOCK_ATTR(no_thread_safety_analysis)

#endif /* XEN_COMPILER_H */
