/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Where kernels differ. The loader decides by the kernel's own BTF which objects are loaded. Kernel
 * functions are declared weak, so that with CAP_SYS_ADMIN an object loads although a program that
 * is not loaded names one that is missing; without it no object may name one.
 */
#ifndef KUBEHERO_KERNEL_COMPAT_BPF_H
#define KUBEHERO_KERNEL_COMPAT_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#define CSS_ONLINE (1U << 1)
#define PF_KTHREAD 0x00200000

/* libbpf 1.1 headers know only the tag's name of kernels before 6.4 ("kptr_ref"). */
#undef __kptr
#define __kptr __attribute__((btf_type_tag("kptr")))

/* 6.16 renamed cgroup_rstat_flush when each controller got its own flush (commit a97915559f5c). */
extern void css_rstat_flush(struct cgroup_subsys_state *css) __ksym __weak;
/* 6.1 to 6.15. */
extern void cgroup_rstat_flush(struct cgroup *cgrp) __ksym __weak;

/* Since 6.2; usable in syscall programs since 6.10. */
extern struct cgroup *bpf_cgroup_acquire(struct cgroup *cgrp) __ksym __weak;
extern void bpf_cgroup_release(struct cgroup *cgrp) __ksym __weak;
extern struct cgroup *bpf_cgroup_from_id(u64 cgroup_id) __ksym __weak;
extern void bpf_rcu_read_lock(void) __ksym __weak;
extern void bpf_rcu_read_unlock(void) __ksym __weak;

/* Since 6.7. */
extern int bpf_iter_css_new(struct bpf_iter_css *it, struct cgroup_subsys_state *start,
			    unsigned int flags) __ksym __weak;
extern struct cgroup_subsys_state *bpf_iter_css_next(struct bpf_iter_css *it) __ksym __weak;
extern void bpf_iter_css_destroy(struct bpf_iter_css *it) __ksym __weak;
extern int bpf_iter_task_new(struct bpf_iter_task *it, struct task_struct *task,
			     unsigned int flags) __ksym __weak;
extern struct task_struct *bpf_iter_task_next(struct bpf_iter_task *it) __ksym __weak;
extern void bpf_iter_task_destroy(struct bpf_iter_task *it) __ksym __weak;

#endif
