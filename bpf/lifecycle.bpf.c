// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
/*
 * Lifecycle sensor: birth and death of cgroups. The kernel keeps no counter of what is gone, so
 * these are programs on events; they run when a cgroup is made or removed, never when a process
 * runs.
 */
#include "kernel_compat.bpf.h"
#include "lifecycle.h"

#define DEFAULT_DYING  4096
#define DEFAULT_DEATHS 4096
#define BIRTH_BYTES    (256 * 1024)

/* A removed cgroup, kept by a reference until its last statistics were flushed and read. */
struct dying_cgroup {
	struct cgroup __kptr *cgrp;
	__u64 parent_id;
	__u64 generation;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, DEFAULT_DYING);
	__type(key, __u64);
	__type(value, struct dying_cgroup);
} dying_cgroups SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, DEFAULT_DEATHS);
	__type(key, __u32);
	__type(value, struct death_record);
} death_records SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct lifecycle_state);
} lifecycle_states SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, BIRTH_BYTES);
} births SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct birth_event);
} birth_scratch SEC(".maps");

/* Keeps the type of the events in the object's BTF. */
const struct birth_event *unused_birth_event __attribute__((unused));

static __always_inline struct lifecycle_state *lifecycle_state(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&lifecycle_states, &zero);
}

static __always_inline __u64 id_of_parent(struct cgroup *cgrp)
{
	return BPF_CORE_READ(cgrp, self.parent, cgroup, kn, id);
}

/*
 * Hook: after a cgroup was made, in any hierarchy: the only moment when the name of a cgroup that
 * lives shorter than a second can be learnt. Misses: nothing while the ring buffer has room (what
 * it drops is counted). Cost: under 1 us.
 */
SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(on_cgroup_mkdir, struct cgroup *cgrp)
{
	struct lifecycle_state *state = lifecycle_state();
	struct birth_event *event;
	__u32 zero = 0;
	long length;

	event = bpf_map_lookup_elem(&birth_scratch, &zero);
	if (!state || !event)
		return 0;
	event->cgroup_id = cgrp->kn->id;
	event->parent_id = id_of_parent(cgrp);
	event->hierarchy_id = cgrp->root->hierarchy_id;
	length = bpf_probe_read_kernel_str(event->name, sizeof(event->name), cgrp->kn->name);
	if (length < 0 || length > LIFECYCLE_NAME_BYTES)
		length = 0;
	event->name_bytes = length;
	if (bpf_ringbuf_output(&births, event, offsetof(struct birth_event, name) + length, 0))
		__sync_fetch_and_add(&state->birth_lost, 1);
	return 0;
}

/*
 * Hook: a cgroup of v2 was removed; it has no processes any more, but per-CPU remainders of its CPU
 * time are not flushed yet. The reference keeps it until a flush that started later. Misses:
 * nothing while the table has room. Cost: 1.0 to 1.5 us.
 */
SEC("tp_btf/cgroup_rmdir")
int BPF_PROG(on_cgroup_rmdir, struct cgroup *cgrp)
{
	struct lifecycle_state *state = lifecycle_state();
	struct dying_cgroup empty = {}, *slot;
	struct cgroup *reference, *previous;
	__u64 id = cgrp->kn->id;

	if (!state || cgrp->root->hierarchy_id != 0)
		return 0;
	empty.parent_id = id_of_parent(cgrp);
	empty.generation = state->generation;
	if (bpf_map_update_elem(&dying_cgroups, &id, &empty, BPF_NOEXIST))
		goto lost;
	slot = bpf_map_lookup_elem(&dying_cgroups, &id);
	if (!slot)
		goto lost;
	reference = bpf_cgroup_acquire(cgrp);
	if (!reference)
		goto lost;
	previous = bpf_kptr_xchg(&slot->cgrp, reference);
	if (previous)
		bpf_cgroup_release(previous);
	return 0;
lost:
	__sync_fetch_and_add(&state->death_lost, 1);
	return 0;
}

/* Gives the reference back if the record is final, else puts it where it was. */
static long drain_one(void *map, __u64 *id, struct dying_cgroup *dying, void *context)
{
	struct lifecycle_state *state = lifecycle_state();
	struct death_record *record;
	struct cgroup *cgrp;
	__u32 index;
	bool final;

	if (!state)
		return 1;
	index = state->death_count;
	record = bpf_map_lookup_elem(&death_records, &index);
	if (!record) {
		state->death_deferred++;
		return 0;
	}
	cgrp = bpf_kptr_xchg(&dying->cgrp, NULL);
	if (!cgrp)
		return 0;
	final = dying->generation < state->generation;
	record->cgroup_id = *id;
	record->parent_id = dying->parent_id;
	record->cpu_ns = cgrp->bstat.cputime.sum_exec_runtime;
	record->final = final;
	record->padding = 0;
	state->death_count = index + 1;
	if (!final) {
		cgrp = bpf_kptr_xchg(&dying->cgrp, cgrp);
		if (cgrp)
			bpf_cgroup_release(cgrp);
		return 0;
	}
	bpf_cgroup_release(cgrp);
	bpf_map_delete_elem(map, id);
	return 0;
}

/*
 * Hook: called by user space after the flush and the walk. Cost: about 2 us a death, flush
 * included.
 */
SEC("syscall")
int drain_deaths(void *arguments)
{
	struct lifecycle_state *state = lifecycle_state();

	if (!state)
		return 1;
	state->death_count = 0;
	state->death_deferred = 0;
	bpf_for_each_map_elem(&dying_cgroups, drain_one, NULL, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
