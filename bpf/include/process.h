/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* What the process sensor shares with user space. */
#ifndef KUBEHERO_PROCESS_H
#define KUBEHERO_PROCESS_H

#define PROCESS_COMM_BYTES 16

/* One process (all of its threads) that lives in the watched cgroup itself. */
struct process_record {
	__u64 start_boottime_ns;
	__u64 cpu_ns;
	/* Pages that belong to it alone or to shared memory; file pages are not counted. */
	__u64 resident_pages;
	/* Its cgroup of the v1 hierarchy with the controller cpuacct; 0 where there is none. */
	__u64 cpuacct_cgroup_id;
	__u32 tgid;
	__u32 is_kernel_thread;
	char comm[PROCESS_COMM_BYTES];
};

struct process_state {
	__u32 record_count;
	__u32 record_lost;
	/* Exits that found the ring buffer full, since load. */
	__u64 exit_lost;
	/* Written by user space: the cgroup whose own processes are watched. */
	__u64 cgroup_id;
};

#endif
