import { BpfObject } from './bpf-object.js';
import { processObjectBase64, processRecordLayout, processStateLayout } from './gen/process.gen.js';
import type { Libbpf } from './libbpf.js';
import { readPageBytes } from './page-size.js';
import { RingBuffer } from './ring-buffer.js';

/** EXIT_BYTES of process.bpf.c. */
const exitBytes = 256 * 1024;

/** A process that lives (or just ended) in the watched cgroup itself. */
export interface ProcessReading {
  readonly pid: number;
  /** When it started; with `pid` the identity of a process. */
  readonly startNs: number;
  readonly cpuNs: number;
  readonly residentBytes: number;
  readonly isKernelThread: boolean;
  /** Its cgroup in the v1 hierarchy of cpuacct, 0 where there is none. */
  readonly cpuacctCgroupId: number;
  readonly comm: string;
}

/** Processes of one cgroup, read in one walk; and those that ended between two walks. */
export class ProcessSensor {
  private readonly object: BpfObject;
  private readonly state: Buffer;
  private readonly records: Buffer;
  private readonly ring: RingBuffer;
  private readonly walkProcesses: () => void;
  private readonly pageBytes = readPageBytes();

  /**
   * Loads and attaches. At most `capacity` processes are told apart.
   *
   * @throws {BpfError} NOT_PERMITTED, REFUSED
   */
  constructor(libbpf: Libbpf, cgroupId: number, capacity: number) {
    this.object = BpfObject.load(libbpf, {
      sensor: 'process',
      objectBase64: processObjectBase64,
      maxEntries: { process_records: capacity },
    });
    try {
      const bytes = capacity * processRecordLayout.byteLength;
      this.state = Buffer.from(
        this.object.mapMemory('process_states', processStateLayout.byteLength, { writable: true }),
      );
      this.records = Buffer.from(this.object.mapMemory('process_records', bytes));
      this.ring = new RingBuffer(this.object, 'exits', exitBytes);
      this.state.writeBigUInt64LE(BigInt(cgroupId), processStateLayout.cgroupId);
      this.walkProcesses = this.object.prepareRun('walk_processes');
      this.object.attach('on_process_free');
    } catch (error) {
      this.object.close();
      throw error;
    }
  }

  /** Reads the living ones, then those that ended since the last call. */
  read(): { living: ProcessReading[]; ended: ProcessReading[] } {
    this.walkProcesses();
    const living: ProcessReading[] = [];
    const count = this.state.readUInt32LE(processStateLayout.recordCount);
    for (let row = 0; row < count; row++) {
      const at = row * processRecordLayout.byteLength;
      living.push(this.decode(this.records.subarray(at, at + processRecordLayout.byteLength)));
    }
    const ended: ProcessReading[] = [];
    this.ring.drain((record) => ended.push(this.decode(record)));
    return { living, ended };
  }

  /** Processes and exits that found no room: in the last walk and since the start. */
  get lost(): number {
    return (
      this.state.readUInt32LE(processStateLayout.recordLost) +
      Number(this.state.readBigUInt64LE(processStateLayout.exitLost))
    );
  }

  /** Detaches and unloads. */
  close(): void {
    this.object.close();
  }

  private decode(record: Buffer): ProcessReading {
    const wide = (offset: number): number => Number(record.readBigUInt64LE(offset));
    const comm = record.subarray(processRecordLayout.comm);
    const end = comm.indexOf(0);
    return {
      pid: record.readUInt32LE(processRecordLayout.tgid),
      startNs: wide(processRecordLayout.startBoottimeNs),
      cpuNs: wide(processRecordLayout.cpuNs),
      residentBytes: wide(processRecordLayout.residentPages) * this.pageBytes,
      isKernelThread: record.readUInt32LE(processRecordLayout.isKernelThread) !== 0,
      cpuacctCgroupId: wide(processRecordLayout.cpuacctCgroupId),
      comm: comm.toString('utf8', 0, end < 0 ? comm.length : end),
    };
  }
}
