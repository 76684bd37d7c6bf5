import { closeSync, readSync } from 'node:fs';
import { BpfError, bpfErrorOf } from './bpf-error.js';
import type { Address, Libbpf } from './libbpf.js';

/** What a sensor's object needs to be loaded. */
export interface BpfObjectOptions {
  /** Name for messages. */
  readonly sensor: string;
  /** The object file, base64. */
  readonly objectBase64: string;
  /** Programs that this kernel cannot load, or that are not wanted. */
  readonly withoutPrograms?: readonly string[];
  /** Sizes of maps by name. */
  readonly maxEntries?: Readonly<Record<string, number>>;
}

/** Protection and flags of mmap(2). */
const memory = { read: 1, write: 2, shared: 1 } as const;
/** EAGAIN. */
const interrupted = 11;
const loadAttempts = 5;
/** Length of `struct bpf_test_run_opts` of libbpf 1.0 and later. */
const testRunBytes = 80;
/** Length of `struct bpf_iter_attach_opts`. */
const iteratorOptionBytes = 24;
/** Length of `union bpf_iter_link_info`. */
const linkInfoBytes = 16;
/** Values of `enum bpf_cgroup_iter_order`. */
const iteratorOrders = { self: 1, descendants: 2 } as const;

/** A loaded BPF object with its links and mappings; `close()` gives all of it back to the kernel. */
export class BpfObject {
  private readonly links: Address[] = [];
  private readonly mappings: { at: Address; bytes: number }[] = [];
  private readonly drainBuffer = Buffer.alloc(64);
  /** Memory of which the kernel gets the address again and again. */
  private readonly pinned: Buffer[] = [];

  private constructor(
    private readonly libbpf: Libbpf,
    private readonly sensor: string,
    private readonly object: Address,
  ) {}

  /**
   * Opens and loads an object. Cost: some milliseconds (the verifier).
   *
   * @throws {BpfError} NOT_PERMITTED, REFUSED
   */
  static load(libbpf: Libbpf, options: BpfObjectOptions): BpfObject {
    for (let attempt = 1; ; attempt++) {
      const object = BpfObject.open(libbpf, options);
      const result = libbpf.loadObject(object.object);
      if (result >= 0) return object;
      object.close();
      // The verifier gives up when a signal arrives (EAGAIN); libbpf tries again five times only.
      if (result !== -interrupted || attempt >= loadAttempts) {
        throw bpfErrorOf(`load sensor '${options.sensor}'`, result);
      }
    }
  }

  private static open(libbpf: Libbpf, options: BpfObjectOptions): BpfObject {
    const bytes = Buffer.from(options.objectBase64, 'base64');
    const address = libbpf.openMemory(bytes, bytes.length, null);
    if (!address) throw bpfErrorOf(`open sensor '${options.sensor}'`, libbpf.errno());
    const object = new BpfObject(libbpf, options.sensor, address);
    try {
      object.prepare(options);
      return object;
    } catch (error) {
      object.close();
      throw error;
    }
  }

  /** File descriptor of a map. */
  mapFd(name: string): number {
    return this.libbpf.mapFd(this.findMap(name));
  }

  /** File descriptor of a program. */
  programFd(name: string): number {
    return this.libbpf.programFd(this.findProgram(name));
  }

  /**
   * Maps memory of a map into this process. `offset` and `bytes` are rounded up to pages by the kernel.
   *
   * @throws {BpfError} REFUSED
   */
  mapMemory(name: string, bytes: number, access: { writable?: boolean; offset?: number } = {}): ArrayBuffer {
    const protection = memory.read | (access.writable === true ? memory.write : 0);
    const fd = this.mapFd(name);
    const at = this.libbpf.mmap(null, bytes, protection, memory.shared, fd, access.offset ?? 0);
    if (BigInt.asIntN(64, BigInt(at)) === -1n) {
      throw bpfErrorOf(`map memory of '${name}' of sensor '${this.sensor}'`, this.libbpf.errno());
    }
    this.mappings.push({ at, bytes });
    return this.libbpf.view(at, bytes);
  }

  /**
   * Attaches a tracepoint program.
   *
   * @throws {BpfError} NOT_PERMITTED, REFUSED
   */
  attach(name: string): void {
    this.keepLink(this.libbpf.attach(this.findProgram(name)), name);
  }

  /**
   * Attaches a program to the sockets of a cgroup and everything below it.
   *
   * @throws {BpfError} NOT_PERMITTED, REFUSED
   */
  attachToCgroup(name: string, cgroupFd: number): void {
    this.keepLink(this.libbpf.attachCgroup(this.findProgram(name), cgroupFd), name);
  }

  /**
   * Prepares a cgroup iterator and returns a function that runs it once, to its end. The cgroup's descriptor may be
   * closed afterwards.
   *
   * @throws {BpfError} NOT_PERMITTED, REFUSED
   */
  prepareIterator(name: string, cgroupFd: number, order: keyof typeof iteratorOrders): () => void {
    const info = allocatePinned(linkInfoBytes);
    info.writeUInt32LE(iteratorOrders[order], 0);
    info.writeUInt32LE(cgroupFd, 4);
    const options = allocatePinned(iteratorOptionBytes);
    options.writeBigUInt64LE(BigInt(iteratorOptionBytes), 0);
    options.writeBigUInt64LE(BigInt(this.libbpf.addressOf(info)), 8);
    options.writeUInt32LE(linkInfoBytes, 16);
    const link = this.keepLink(this.libbpf.attachIterator(this.findProgram(name), options), name);
    const linkFd = this.libbpf.linkFd(link);
    return () => {
      this.runIterator(name, linkFd);
    };
  }

  /**
   * Returns a function that runs a `syscall` program with an argument.
   */
  prepareRun(name: string, argument?: Buffer): () => void {
    const fd = this.programFd(name);
    const options = allocatePinned(testRunBytes);
    options.writeBigUInt64LE(BigInt(testRunBytes), 0);
    if (argument !== undefined) {
      const copy = allocatePinned(argument.length);
      copy.set(argument);
      this.pinned.push(copy);
      options.writeBigUInt64LE(BigInt(this.libbpf.addressOf(copy)), 32);
      options.writeUInt32LE(argument.length, 48);
    }
    return () => {
      const result = this.libbpf.testRun(fd, options);
      if (result < 0) throw bpfErrorOf(`run '${name}' of sensor '${this.sensor}'`, result);
      const returned = options.readUInt32LE(56);
      if (returned !== 0) {
        throw new BpfError('REFUSED', `program '${name}' of sensor '${this.sensor}' returned ${returned}`);
      }
    };
  }

  /** Detaches, unmaps and unloads. Idempotent. */
  close(): void {
    for (const link of this.links.splice(0)) this.libbpf.destroyLink(link);
    for (const { at, bytes } of this.mappings.splice(0)) this.libbpf.munmap(at, bytes);
    if (!this.closed) this.libbpf.closeObject(this.object);
    this.closed = true;
  }

  private closed = false;

  private prepare(options: BpfObjectOptions): void {
    for (const name of options.withoutPrograms ?? []) {
      this.libbpf.setAutoload(this.findProgram(name), false);
    }
    for (const [name, entries] of Object.entries(options.maxEntries ?? {})) {
      const result = this.libbpf.setMaxEntries(this.findMap(name), entries);
      if (result < 0) throw bpfErrorOf(`size map '${name}' of sensor '${this.sensor}'`, result);
    }
  }

  private runIterator(name: string, linkFd: number): void {
    const fd = this.libbpf.createIterator(linkFd);
    if (fd < 0) throw bpfErrorOf(`run iterator '${name}' of sensor '${this.sensor}'`, fd);
    try {
      while (readSync(fd, this.drainBuffer) > 0);
    } finally {
      closeSync(fd);
    }
  }

  private keepLink(link: Address, name: string): Address {
    if (!link) {
      throw bpfErrorOf(`attach '${name}' of sensor '${this.sensor}'`, this.libbpf.errno());
    }
    this.links.push(link);
    return link;
  }

  private findProgram(name: string): Address {
    const program = this.libbpf.findProgram(this.object, name);
    if (!program) throw bpfErrorOf(`find program '${name}' of sensor '${this.sensor}'`, 2);
    return program;
  }

  private findMap(name: string): Address {
    const map = this.libbpf.findMap(this.object, name);
    if (!map) throw bpfErrorOf(`find map '${name}' of sensor '${this.sensor}'`, 2);
    return map;
  }
}

/** Bytes outside of V8's heap: small buffers live inside of it and are moved, which the kernel would not know. */
function allocatePinned(byteLength: number): Buffer {
  return Buffer.from(new ArrayBuffer(byteLength));
}
