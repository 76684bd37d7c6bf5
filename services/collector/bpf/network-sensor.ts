import { closeSync, openSync } from 'node:fs';
import type { ClassPrefix } from '../cgroups/network-classes.js';
import type { TrafficEntry } from '../cgroups/sample.js';
import { bpfErrorOf } from './bpf-error.js';
import { BpfObject } from './bpf-object.js';
import {
  networkObjectBase64,
  networkStateLayout,
  prefix4KeyLayout,
  prefix6KeyLayout,
  trafficRecordLayout,
} from './gen/network.gen.js';
import type { Libbpf } from './libbpf.js';

const words = trafficRecordLayout.byteLength / 4;
const high = 2 ** 32;

/** Bytes of every cgroup by the class of the other end, counted by programs on the sockets of the whole tree. */
export class NetworkSensor {
  private readonly object: BpfObject;
  private readonly state: Uint32Array;
  private readonly records: Uint32Array;
  private readonly drainTraffic: () => void;
  /** Prefixes in the kernel: key bytes as text to class. */
  private readonly prefixes = new Map<string, { prefix: ClassPrefix; key: Buffer }>();

  /**
   * Loads the programs and attaches them to `root`, the root of the cgroup v2 tree. `capacity` is the number of pairs
   * of cgroup and class.
   *
   * @throws {BpfError} NOT_PERMITTED, REFUSED
   */
  constructor(
    private readonly libbpf: Libbpf,
    root: string,
    capacity: number,
  ) {
    this.object = BpfObject.load(libbpf, {
      sensor: 'network',
      objectBase64: networkObjectBase64,
      maxEntries: { traffic: capacity, traffic_records: capacity },
    });
    const fd = openSync(root, 'r');
    try {
      this.state = new Uint32Array(this.object.mapMemory('network_states', networkStateLayout.byteLength));
      this.records = new Uint32Array(
        this.object.mapMemory('traffic_records', capacity * trafficRecordLayout.byteLength),
      );
      this.drainTraffic = this.object.prepareRun('drain_traffic');
      this.object.attachToCgroup('count_egress', fd);
      this.object.attachToCgroup('count_ingress', fd);
    } catch (error) {
      this.object.close();
      throw error;
    } finally {
      closeSync(fd);
    }
  }

  /**
   * Replaces the classes; prefixes that stay the same are not touched, so that no packet meanwhile is misjudged.
   *
   * @throws {BpfError} REFUSED (more than 65,536 prefixes)
   */
  setPrefixes(prefixes: readonly ClassPrefix[]): void {
    const wanted = new Map(prefixes.map((prefix) => [keyOf(prefix).toString('hex'), prefix] as const));
    for (const [text, { prefix, key }] of this.prefixes) {
      if (wanted.has(text)) continue;
      this.libbpf.deleteElement(this.mapFd(prefix), key);
      this.prefixes.delete(text);
    }
    for (const [text, prefix] of wanted) {
      if (this.prefixes.get(text)?.prefix.networkClass === prefix.networkClass) continue;
      const key = keyOf(prefix);
      const value = Buffer.alloc(4);
      value.writeUInt32LE(prefix.networkClass);
      const result = this.libbpf.updateElement(this.mapFd(prefix), key, value, 0);
      if (result < 0) throw bpfErrorOf('add a network prefix', result);
      this.prefixes.set(text, { prefix, key });
    }
  }

  /** Appends what was counted since the last call. */
  drain(into: TrafficEntry[]): void {
    this.drainTraffic();
    const count = this.state[networkStateLayout.recordCount / 4] ?? 0;
    for (let row = 0, at = 0; row < count; row++, at += words) {
      const word = (offset: number): number => this.records[at + offset / 4] ?? 0;
      const wide = (offset: number): number => word(offset + 4) * high + word(offset);
      into.push({
        cgroupId: wide(trafficRecordLayout.cgroupId),
        networkClass: word(trafficRecordLayout.networkClass),
        txBytes: wide(trafficRecordLayout.txBytes),
        rxBytes: wide(trafficRecordLayout.rxBytes),
      });
    }
  }

  /** Packets that could not be counted, since the start. */
  get packetLost(): number {
    return (
      (this.state[networkStateLayout.packetLost / 4 + 1] ?? 0) * high +
      (this.state[networkStateLayout.packetLost / 4] ?? 0)
    );
  }

  /** Detaches and unloads. */
  close(): void {
    this.object.close();
  }

  private mapFd(prefix: ClassPrefix): number {
    return this.object.mapFd(prefix.address.length === 4 ? 'prefixes4' : 'prefixes6');
  }
}

function keyOf(prefix: ClassPrefix): Buffer {
  const layout = prefix.address.length === 4 ? prefix4KeyLayout : prefix6KeyLayout;
  const key = Buffer.alloc(layout.byteLength);
  key.writeUInt32LE(prefix.bits, layout.prefixBits);
  key.set(prefix.address, layout.address);
  return key;
}
