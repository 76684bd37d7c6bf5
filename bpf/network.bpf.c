// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
/*
 * Network sensor: bytes of every cgroup by the class of the other end. The kernel keeps no such
 * counter, so these are programs on packets; classes come from prefixes that user space fills.
 */
#include "kernel_compat.bpf.h"
#include <bpf/bpf_endian.h>
#include "network.h"

#define DEFAULT_TRAFFIC	 16384
#define DEFAULT_PREFIXES 65536

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86DD
#define PROTOCOL_TCP   6
#define PROTOCOL_UDP   17
#define IPV6_BYTES     40
#define UDP_BYTES      8
/* The loopback interface has this index in every network namespace. */
#define LOOPBACK_INDEX 1
#define CLASS_UNKNOWN  0
/* An entry without traffic for so many passes is dropped. */
#define IDLE_PASSES 120

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, DEFAULT_PREFIXES);
	__type(key, struct prefix4_key);
	__type(value, __u32);
} prefixes4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, DEFAULT_PREFIXES);
	__type(key, struct prefix6_key);
	__type(value, __u32);
} prefixes6 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, DEFAULT_TRAFFIC);
	__type(key, struct traffic_key);
	__type(value, struct traffic_value);
} traffic SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, DEFAULT_TRAFFIC);
	__type(key, __u32);
	__type(value, struct traffic_record);
} traffic_records SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct network_state);
} network_states SEC(".maps");

static __always_inline struct network_state *network_state(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&network_states, &zero);
}

static __always_inline void count_lost(void)
{
	struct network_state *state = network_state();

	if (state)
		__sync_fetch_and_add(&state->packet_lost, 1);
}

/* Length of the transport header, for what a segmented packet repeats; 0 if it is neither TCP nor
 * UDP. */
static __always_inline __u32 transport_bytes(struct __sk_buff *skb, __u32 offset, __u8 protocol)
{
	__u8 data_offset;

	if (protocol == PROTOCOL_UDP)
		return UDP_BYTES;
	if (protocol != PROTOCOL_TCP || bpf_skb_load_bytes(skb, offset + 12, &data_offset, 1))
		return 0;
	return (data_offset >> 4) * 4;
}

struct peer {
	__u32 network_class;
	__u32 header_bytes;
};

static __always_inline int read_peer4(struct __sk_buff *skb, bool egress, struct peer *peer)
{
	struct prefix4_key key = {.prefix_bits = 32};
	__u8 first, protocol;
	__u32 *class;

	if (bpf_skb_load_bytes(skb, 0, &first, 1) || bpf_skb_load_bytes(skb, 9, &protocol, 1) ||
	    bpf_skb_load_bytes(skb, egress ? 16 : 12, key.address, sizeof(key.address)))
		return -1;
	class = bpf_map_lookup_elem(&prefixes4, &key);
	peer->network_class = class ? *class : CLASS_UNKNOWN;
	peer->header_bytes = (first & 15) * 4;
	peer->header_bytes += transport_bytes(skb, peer->header_bytes, protocol);
	return 0;
}

static __always_inline int read_peer6(struct __sk_buff *skb, bool egress, struct peer *peer)
{
	struct prefix6_key key = {.prefix_bits = 128};
	__u8 protocol;
	__u32 *class;

	if (bpf_skb_load_bytes(skb, 6, &protocol, 1) ||
	    bpf_skb_load_bytes(skb, egress ? 24 : 8, key.address, sizeof(key.address)))
		return -1;
	class = bpf_map_lookup_elem(&prefixes6, &key);
	peer->network_class = class ? *class : CLASS_UNKNOWN;
	peer->header_bytes = IPV6_BYTES + transport_bytes(skb, IPV6_BYTES, protocol);
	return 0;
}

static __always_inline struct traffic_value *find_or_make(struct traffic_key *key)
{
	struct traffic_value *value, empty = {};

	value = bpf_map_lookup_elem(&traffic, key);
	if (value)
		return value;
	bpf_map_update_elem(&traffic, key, &empty, BPF_NOEXIST);
	return bpf_map_lookup_elem(&traffic, key);
}

static __always_inline void count(struct __sk_buff *skb, bool egress)
{
	struct traffic_value *value;
	struct traffic_key key = {};
	struct peer peer = {};
	__u64 bytes;
	int failed;

	if (skb->ifindex == LOOPBACK_INDEX)
		return;
	if (skb->protocol == bpf_htons(ETHERTYPE_IPV4))
		failed = read_peer4(skb, egress, &peer);
	else if (skb->protocol == bpf_htons(ETHERTYPE_IPV6))
		failed = read_peer6(skb, egress, &peer);
	else
		return;
	key.cgroup_id = bpf_skb_cgroup_id(skb);
	key.network_class = peer.network_class;
	value = failed ? NULL : find_or_make(&key);
	if (!value) {
		count_lost();
		return;
	}
	/* A segmented packet counts one header here and leaves with one a segment. */
	bytes = skb->len;
	if (skb->gso_segs > 1)
		bytes += (__u64)(skb->gso_segs - 1) * peer.header_bytes;
	__sync_fetch_and_add(egress ? &value->tx_bytes : &value->rx_bytes, bytes);
}

/*
 * Hook: IP packets that sockets of the tree send, before the queueing discipline: what is dropped
 * later and what is sent again is counted. Misses: ARP, raw link-layer sockets, forwarded packets.
 * Cost: about 240 ns a packet.
 */
SEC("cgroup_skb/egress")
int count_egress(struct __sk_buff *skb)
{
	count(skb, true);
	return 1;
}

/*
 * Hook: IP packets that sockets of the tree receive. Misses: as above. Cost: about 200 ns a packet.
 */
SEC("cgroup_skb/ingress")
int count_ingress(struct __sk_buff *skb)
{
	count(skb, false);
	return 1;
}

static long drain_one(void *map, struct traffic_key *key, struct traffic_value *value,
		      void *context)
{
	struct network_state *state = network_state();
	struct traffic_record *record;
	__u32 index;

	if (!state)
		return 1;
	if (!value->tx_bytes && !value->rx_bytes) {
		value->idle_passes++;
		if (value->idle_passes > IDLE_PASSES)
			bpf_map_delete_elem(map, key);
		return 0;
	}
	index = state->record_count;
	record = bpf_map_lookup_elem(&traffic_records, &index);
	if (!record)
		return 1;
	value->idle_passes = 0;
	record->cgroup_id = key->cgroup_id;
	record->network_class = key->network_class;
	record->padding = 0;
	record->tx_bytes = __sync_lock_test_and_set(&value->tx_bytes, 0);
	record->rx_bytes = __sync_lock_test_and_set(&value->rx_bytes, 0);
	state->record_count = index + 1;
	return 0;
}

/* Hook: called by user space once a second; moves what was counted into the array. Cost: about 60
 * ns an entry. */
SEC("syscall")
int drain_traffic(void *arguments)
{
	struct network_state *state = network_state();

	if (!state)
		return 1;
	state->record_count = 0;
	bpf_for_each_map_elem(&traffic, drain_one, NULL, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
