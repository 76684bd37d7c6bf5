// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
/*
 * Process sensor, for plain hosts only: divides what runs in the root cgroup itself by process,
 * because there the cgroup tree alone would show one row. Not loaded where every workload has its
 * own cgroup (Kubernetes).
 */
#include "kernel_compat.bpf.h"
#include "process.h"

#define DEFAULT_PROCESSES 4096
#define EXIT_BYTES	  (256 * 1024)
#define MM_ANONPAGES	  1
#define MM_SHMEMPAGES	  3

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, DEFAULT_PROCESSES);
	__type(key, __u32);
	__type(value, struct process_record);
} process_records SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct process_state);
} process_states SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, EXIT_BYTES);
} exits SEC(".maps");

static __always_inline struct process_state *process_state(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&process_states, &zero);
}

static __always_inline __u64 resident_pages(struct task_struct *task)
{
	struct mm_struct *mm = BPF_CORE_READ(task, mm);
	__s64 anonymous, shared;

	/* Before 6.2 the counters had another type; this sensor needs 6.7 for its iterator. */
	if (!mm || !bpf_core_field_exists(mm->rss_stat[0].count))
		return 0;
	anonymous = BPF_CORE_READ(mm, rss_stat[MM_ANONPAGES].count);
	shared = BPF_CORE_READ(mm, rss_stat[MM_SHMEMPAGES].count);
	return (anonymous > 0 ? anonymous : 0) + (shared > 0 ? shared : 0);
}

static __always_inline __u64 cpuacct_cgroup_id(struct task_struct *task)
{
	struct cgroup_subsys_state *css;

	if (!bpf_core_enum_value_exists(enum cgroup_subsys_id, cpuacct_cgrp_id))
		return 0;
	BPF_CORE_READ_INTO(&css, task, cgroups,
			   subsys[bpf_core_enum_value(enum cgroup_subsys_id, cpuacct_cgrp_id)]);
	return css ? BPF_CORE_READ(css, cgroup, kn, id) : 0;
}

static __always_inline void fill(struct task_struct *task, struct process_record *record)
{
	record->start_boottime_ns = BPF_CORE_READ(task, group_leader, start_boottime);
	record->tgid = BPF_CORE_READ(task, tgid);
	record->cpuacct_cgroup_id = cpuacct_cgroup_id(task);
	record->is_kernel_thread = !!(BPF_CORE_READ(task, flags) & PF_KTHREAD);
	/* What threads used that are gone. */
	record->cpu_ns = BPF_CORE_READ(task, signal, sum_sched_runtime);
	BPF_CORE_READ_STR_INTO(&record->comm, task, group_leader, comm);
}

/* Adds a thread to its process; threads of a process follow one another. */
static __always_inline void append(struct task_struct *task, struct process_state *state)
{
	struct process_record *record = NULL;
	__u32 tgid = BPF_CORE_READ(task, tgid), index = state->record_count;

	if (index > 0) {
		index--;
		record = bpf_map_lookup_elem(&process_records, &index);
		if (!record || record->tgid != tgid) {
			record = NULL;
			index++;
		}
	}
	if (!record) {
		record = bpf_map_lookup_elem(&process_records, &index);
		if (!record) {
			state->record_lost++;
			return;
		}
		fill(task, record);
		record->resident_pages = resident_pages(task);
		state->record_count = index + 1;
	}
	record->cpu_ns += BPF_CORE_READ(task, se.sum_exec_runtime);
}

/* Hook: called by user space once a second. Misses: nothing that lives. Cost: about 150 ns a
 * thread. */
SEC("syscall")
int walk_processes(void *arguments)
{
	struct process_state *state = process_state();
	struct bpf_iter_task it;
	struct task_struct *task;

	if (!state)
		return 1;
	state->record_count = 0;
	state->record_lost = 0;
	bpf_rcu_read_lock();
	bpf_iter_task_new(&it, NULL, BPF_TASK_ITER_ALL_THREADS);
	while ((task = bpf_iter_task_next(&it))) {
		if (BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id) == state->cgroup_id)
			append(task, state);
	}
	bpf_iter_task_destroy(&it);
	bpf_rcu_read_unlock();
	return 0;
}

/*
 * Hook: a process was reaped and its last thread is gone for good, so that everything it used, to
 * the end of its memory's teardown, stands in the sum of its threads; what it used since the last
 * walk keeps its name. Misses: nothing while the ring buffer has room; it comes some milliseconds
 * late. Cost: 0.3 us a thread.
 */
SEC("tp_btf/sched_process_free")
int BPF_PROG(on_process_free, struct task_struct *task)
{
	struct process_state *state = process_state();
	struct process_record *record;

	if (!state || BPF_CORE_READ(task, pid) != BPF_CORE_READ(task, tgid) ||
	    BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id) != state->cgroup_id)
		return 0;
	record = bpf_ringbuf_reserve(&exits, sizeof(*record), 0);
	if (!record) {
		__sync_fetch_and_add(&state->exit_lost, 1);
		return 0;
	}
	fill(task, record);
	record->resident_pages = 0;
	bpf_ringbuf_submit(record, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
