/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* What the lifecycle sensor shares with user space. */
#ifndef KUBEHERO_LIFECYCLE_H
#define KUBEHERO_LIFECYCLE_H

#define LIFECYCLE_NAME_BYTES 256

/* A cgroup was made. Only `name_bytes` bytes of the name travel. */
struct birth_event {
	__u64 cgroup_id;
	__u64 parent_id;
	/* 0 is the hierarchy of cgroup v2. */
	__u32 hierarchy_id;
	/* With the closing zero. */
	__u32 name_bytes;
	char name[LIFECYCLE_NAME_BYTES];
};

/* A cgroup that was removed since the last pass. */
struct death_record {
	__u64 cgroup_id;
	__u64 parent_id;
	__u64 cpu_ns;
	/* 1: cpu_ns is the last value. 0: the record comes again after another flush. */
	__u32 final;
	__u32 padding;
};

struct lifecycle_state {
	/* User space raises it before every flush: what was removed earlier is final after it. */
	__u64 generation;
	__u32 death_count;
	/* Deaths that did not fit into the array in the last pass; they come with the next one. */
	__u32 death_deferred;
	/* Counters since load. */
	__u64 birth_lost;
	__u64 death_lost;
};

#endif
