/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* What the usage sensor shares with user space, which reads the offsets from the object's BTF. */
#ifndef KUBEHERO_USAGE_H
#define KUBEHERO_USAGE_H

/* The cgroup has processes of its own. */
#define USAGE_POPULATED_ITSELF 1
/* memory_pages and inactive_file_pages were read; without this flag they are unknown, not zero. */
#define USAGE_HAS_MEMORY 2

/* One living cgroup at one pass. Parents come before their children. */
struct usage_record {
	__u64 cgroup_id;
	/* 0 for the root of the walk. */
	__u64 parent_id;
	/* CPU time of the cgroup and everything below it, ever. 0 for the root of the hierarchy. */
	__u64 cpu_ns;
	__u64 memory_pages;
	__u64 inactive_file_pages;
	__u32 flags;
	__u32 padding;
};

/* Result of a pass. */
struct usage_state {
	/* Records written by the last pass over CPU time, and over a separate memory hierarchy. */
	__u32 record_count;
	__u32 memory_count;
	/* Cgroups that did not fit into the array in the last pass. */
	__u32 record_lost;
	__u32 memory_lost;
};

/* Argument of the walk. */
struct usage_arguments {
	__u64 root_id;
};

#endif
