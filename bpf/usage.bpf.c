// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
/*
 * Usage sensor: CPU time and memory of every living cgroup, from the counters that the kernel keeps
 * anyway. Nothing here runs on an event: user space flushes and walks once a second, so a context
 * switch costs nothing.
 *
 * Compiled once for each generation of kernels, because without CAP_SYS_ADMIN libbpf refuses an
 * object that only names a kernel function which the kernel lacks: FLUSH_BEFORE_6_16 and
 * WALK_BEFORE_6_7 choose the older ways.
 */
#include "kernel_compat.bpf.h"
#include "usage.h"

/* Entries of memcg_vmstats.state start with node statistics: inactive_anon, active_anon,
 * inactive_file. */
#define STATE_INACTIVE_FILE 2
#define DEFAULT_CGROUPS	    4096

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, DEFAULT_CGROUPS);
	__type(key, __u32);
	__type(value, struct usage_record);
} usage_records SEC(".maps");

/* Cgroups of a separate (v1) memory hierarchy, where there is one. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, DEFAULT_CGROUPS);
	__type(key, __u32);
	__type(value, struct usage_record);
} memory_records SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct usage_state);
} usage_states SEC(".maps");

static __always_inline struct usage_state *state_of_pass(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&usage_states, &zero);
}

/*
 * A controller that is not enabled for the cgroup has no state there: the value is then missing. A
 * kernel without the memory controller has no such enumeration value, and index 0 would be another
 * controller's.
 */
static __always_inline void read_memory(struct cgroup *cgrp, struct usage_record *record)
{
	struct cgroup_subsys_state *css;
	struct memcg_vmstats *vmstats;
	struct mem_cgroup *memcg;
	long inactive_pages;

	if (!bpf_core_enum_value_exists(enum cgroup_subsys_id, memory_cgrp_id))
		return;
	BPF_CORE_READ_INTO(&css, cgrp,
			   subsys[bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id)]);
	if (!css)
		return;
	/* The state of a controller starts with its cgroup_subsys_state. */
	memcg = (struct mem_cgroup *)css;
	record->memory_pages = BPF_CORE_READ(memcg, memory.usage.counter);
	vmstats = BPF_CORE_READ(memcg, vmstats);
	if (!vmstats)
		return;
	inactive_pages = BPF_CORE_READ(vmstats, state[STATE_INACTIVE_FILE]);
	record->inactive_file_pages = inactive_pages > 0 ? inactive_pages : 0;
	record->flags |= USAGE_HAS_MEMORY;
}

static __always_inline void fill(struct cgroup *cgrp, struct usage_record *record)
{
	record->cgroup_id = cgrp->kn->id;
	record->parent_id = BPF_CORE_READ(cgrp, self.parent, cgroup, kn, id);
	record->cpu_ns = cgrp->bstat.cputime.sum_exec_runtime;
	record->memory_pages = 0;
	record->inactive_file_pages = 0;
	record->flags = cgrp->nr_populated_csets ? USAGE_POPULATED_ITSELF : 0;
	record->padding = 0;
	read_memory(cgrp, record);
}

static __always_inline void append_usage(struct cgroup *cgrp, struct usage_state *state)
{
	struct usage_record *record;
	__u32 index = state->record_count;

	record = bpf_map_lookup_elem(&usage_records, &index);
	if (!record) {
		state->record_lost++;
		return;
	}
	fill(cgrp, record);
	state->record_count = index + 1;
}

/*
 * Hook: iterator over the root alone, so that one flush brings the statistics of the whole tree up
 * to date. The flush is allowed in tracing programs only, hence not part of the walk. Cost: about 2
 * us and 25 to 50 ns a changed cgroup.
 */
SEC("iter.s/cgroup")
int flush_statistics(struct bpf_iter__cgroup *ctx)
{
	struct cgroup *cgrp = ctx->cgroup;

	if (!cgrp)
		return 0;
#ifdef FLUSH_BEFORE_6_16
	cgroup_rstat_flush(cgrp);
#else
	css_rstat_flush(&cgrp->self);
#endif
	return 0;
}

#ifndef WALK_BEFORE_6_7

/*
 * Hook: called by user space after the flush. Walks under RCU and takes no lock, so that it delays
 * no pod start. Misses: cgroups made during the walk (they come with the next), and removed ones
 * (the lifecycle sensor has them). Cost: about 50 ns a cgroup.
 */
SEC("syscall")
int walk_usage(struct usage_arguments *arguments)
{
	struct cgroup_subsys_state *css;
	struct usage_state *state;
	struct bpf_iter_css it;
	struct cgroup *root;

	state = state_of_pass();
	root = bpf_cgroup_from_id(arguments->root_id);
	if (!state || !root) {
		if (root)
			bpf_cgroup_release(root);
		return 1;
	}
	state->record_count = 0;
	state->record_lost = 0;
	bpf_rcu_read_lock();
	bpf_iter_css_new(&it, &root->self, BPF_CGROUP_ITER_DESCENDANTS_PRE);
	while ((css = bpf_iter_css_next(&it))) {
		if (css->flags & CSS_ONLINE)
			append_usage(css->cgroup, state);
	}
	bpf_iter_css_destroy(&it);
	bpf_rcu_read_unlock();
	bpf_cgroup_release(root);
	return 0;
}

#else

/* Keeps the type of the argument in the BTF of every object. */
const struct usage_arguments *unused_usage_arguments __attribute__((unused));

/*
 * Hook: iterator over all descendants, for kernels without the open-coded one. Holds the cgroup
 * mutex while it runs (0.9 ms at 5,000 cgroups).
 */
SEC("iter.s/cgroup")
int walk_usage_by_iterator(struct bpf_iter__cgroup *ctx)
{
	struct usage_state *state = state_of_pass();
	struct cgroup *cgrp = ctx->cgroup;

	if (!state || !cgrp)
		return 0;
	if (ctx->meta->seq_num == 0) {
		state->record_count = 0;
		state->record_lost = 0;
	}
	if (cgrp->self.flags & CSS_ONLINE)
		append_usage(cgrp, state);
	return 0;
}

#endif

/* The same over a separate memory hierarchy (v1): its root is a directory of another cgroup file
 * system. */
SEC("iter.s/cgroup")
int walk_memory(struct bpf_iter__cgroup *ctx)
{
	struct usage_state *state = state_of_pass();
	struct cgroup *cgrp = ctx->cgroup;
	struct usage_record *record;
	__u32 index;

	if (!state || !cgrp)
		return 0;
	if (ctx->meta->seq_num == 0) {
		state->memory_count = 0;
		state->memory_lost = 0;
	}
	if (!(cgrp->self.flags & CSS_ONLINE))
		return 0;
	index = state->memory_count;
	record = bpf_map_lookup_elem(&memory_records, &index);
	if (!record) {
		state->memory_lost++;
		return 0;
	}
	fill(cgrp, record);
	state->memory_count = index + 1;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
