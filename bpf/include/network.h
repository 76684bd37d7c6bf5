/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* What the network sensor shares with user space. */
#ifndef KUBEHERO_NETWORK_H
#define KUBEHERO_NETWORK_H

/* Whose traffic with which class of peers. */
struct traffic_key {
	__u64 cgroup_id;
	/* A value of kubehero.telemetry.v1.NetworkClass. */
	__u32 network_class;
	__u32 padding;
};

struct traffic_value {
	/* Since the last pass. */
	__u64 tx_bytes;
	__u64 rx_bytes;
	/* Passes in a row without traffic. */
	__u32 idle_passes;
	__u32 padding;
};

struct traffic_record {
	__u64 cgroup_id;
	__u64 tx_bytes;
	__u64 rx_bytes;
	__u32 network_class;
	__u32 padding;
};

struct network_state {
	__u32 record_count;
	__u32 padding;
	/* Packets not counted since load: the table was full, or the header unreadable. */
	__u64 packet_lost;
};

struct prefix4_key {
	__u32 prefix_bits;
	__u8 address[4];
};

struct prefix6_key {
	__u32 prefix_bits;
	__u8 address[16];
};

#endif
