import { uptime } from 'node:os';
import { join } from 'node:path';
import { SecondBuffer } from './buffer/second-buffer.js';
import { sealSeconds } from './buffer/second-builder.js';
import { SecondClock, type ClockSource, type TickVerdict } from './buffer/second-clock.js';
import type { SealedSecond } from './buffer/sealed-second.js';
import { CgroupTree } from './cgroups/cgroup-tree.js';
import { buildPrefixes, type TopologyPrefix } from './cgroups/network-classes.js';
import { openUsage, type OpenedUsage } from './cgroups/open-usage.js';
import { ProcessSplitter } from './cgroups/process-splitter.js';
import { createSample, type UsageSourceName } from './cgroups/sample.js';
import type { CollectorOptions } from './collector-options.js';
import type { CollectorStatistics } from './collector-statistics.js';
import { readNodeFacts } from './node/node-facts.js';
import { RunStateFile } from './node/run-state.js';
import type { ContainerIdentity } from './pods/container-identity.js';
import { Identities } from './pods/identities.js';
import { createSandboxProbe } from './pods/sandbox-probe.js';
import type { NodeSpec } from './uplink/messages.js';
import { Uplink } from './uplink/uplink.js';

const systemClock: ClockSource = {
  wallMs: () => Date.now(),
  steadyMs: () => Number(process.hrtime.bigint() / 1_000_000n),
};

/** Ticks between two clean-ups of caches and two saves of the last sealed second. */
const ticksPerCleanUp = 30;
/** How long `stop` waits for acknowledgements. */
const drainMs = 5000;

/**
 * Measures this node once a second, seals every second once and delivers it. `start` opens the kernel's counters and
 * the stream; `stop` delivers what is sealed and gives everything back.
 */
export class Collector {
  private readonly clock: SecondClock;
  private readonly buffer: SecondBuffer;
  private readonly runState: RunStateFile;
  private readonly tree = new CgroupTree();
  private readonly sample = createSample();
  private readonly identities: Identities;
  private readonly uplink: Uplink;
  private readonly facts = readNodeFacts();
  private spec: NodeSpec | undefined;
  private specParts: Partial<NodeSpec> | undefined;
  private usage: OpenedUsage | undefined;
  private source: UsageSourceName | undefined;
  private finalLosses: Readonly<Record<string, number>> = {};
  private splitter: ProcessSplitter | undefined;
  private timer: NodeJS.Timeout | undefined;
  private lastSealed = 0;
  private readonly counters = {
    ticks: 0,
    failedTicks: 0,
    sealedSeconds: 0,
    missingSeconds: 0,
    averagedSeconds: 0,
    droppedCpuNs: 0,
    lastTickMs: 0,
  };

  /** Starts nothing, but takes an incarnation (and writes it into `stateDir`). */
  constructor(private readonly options: CollectorOptions) {
    const source = options.clock ?? systemClock;
    this.runState = new RunStateFile(options.stateDir, source.wallMs());
    this.lastSealed = this.runState.sealedThroughBefore;
    this.clock = new SecondClock(source, this.runState.sealedThroughBefore);
    this.buffer = new SecondBuffer(options.bufferSeconds);
    this.identities = new Identities({
      ...(options.kubernetes && { pods: options.kubernetes.pods }),
      hostWorkloads: options.kubernetes === undefined,
      isSandbox: createSandboxProbe((containerId) => this.tryFindDirectory(containerId), options.procRoot),
    });
    this.uplink = new Uplink({
      emitter: options.emitter,
      node: { nodeUid: this.nodeUid, incarnation: this.runState.incarnation },
      buffer: this.buffer,
      spec: () => this.nodeSpec(),
      openReport: options.openReport,
      onNotice: options.onNotice,
      onSealedThrough: (second) => {
        this.clock.raiseSealedThrough(second);
      },
    });
  }

  /** Identity of this node on the wire. */
  get nodeUid(): string {
    return this.options.kubernetes?.nodeUid ?? this.options.nodeUid ?? this.facts.nodeUid;
  }

  /**
   * Opens what measures this machine, tells what is missing, and ticks from the next second on.
   *
   * @throws {BpfError} see openUsage
   */
  async start(): Promise<void> {
    const plainHost = this.options.kubernetes === undefined;
    const usage = await openUsage({ ...this.options, plainHost });
    this.usage = usage;
    this.source = usage.source.name;
    for (const notice of usage.notices) this.options.onNotice(notice);
    this.setTopology(this.options.topology ?? []);
    if (usage.processes !== undefined) this.splitter = new ProcessSplitter(this.tree, usage.isElsewhere);
    this.uplink.start();
    this.schedule();
  }

  /** Stops measuring, delivers what is sealed (for at most 5 s) and closes everything. The running second is lost. */
  async stop(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    await this.uplink.stop(drainMs);
    this.runState.trySave(this.lastSealed, this.options.onNotice);
    this.finalLosses = this.usage?.source.losses ?? this.finalLosses;
    this.usage?.source.close();
    this.usage?.processes?.close?.();
    this.usage = undefined;
  }

  /**
   * Replaces the classes of network peers.
   *
   * @throws {PrefixError} BAD_PREFIX; the classes then stay as they were
   */
  setTopology(prefixes: readonly TopologyPrefix[]): void {
    this.usage?.network?.setPrefixes(buildPrefixes(prefixes));
  }

  /** What is said of this node: the same object until something changed, for it travels only then. */
  nodeSpec(): NodeSpec {
    const parts = this.options.kubernetes?.nodeSpec();
    if (this.spec === undefined || parts !== this.specParts) {
      this.specParts = parts;
      const annotations = { ...this.options.annotations, ...parts?.annotations };
      this.spec = { ...this.facts.spec, ...parts, annotations };
    }
    return this.spec;
  }

  /** Counters for metrics and health. */
  statistics(): CollectorStatistics {
    return {
      source: this.source,
      ...this.counters,
      overflowedSeconds: this.buffer.overflowed,
      bufferedSeconds: this.buffer.depth,
      cgroups: this.tree.size,
      residualNs: this.tree.residualNs,
      faults: this.tree.faults,
      losses: this.usage?.source.losses ?? this.finalLosses,
      uplink: this.uplink.statistics,
    };
  }

  private tryFindDirectory(containerId: string): string | undefined {
    const path = this.tree.tryFindPath(containerId);
    return path === undefined || this.usage === undefined ? undefined : join(this.usage.root, path);
  }

  private schedule(): void {
    this.timer = setTimeout(() => {
      this.tick();
      if (this.timer !== undefined) this.schedule();
    }, this.clock.untilNextTickMs());
  }

  private tick(): void {
    const verdict = this.clock.tick();
    if (verdict.kind === 'early' || this.usage === undefined) return;
    const startedAt = process.hrtime.bigint();
    this.counters.ticks++;
    try {
      this.read(this.usage);
      for (const second of this.seal(verdict, this.usage)) this.buffer.push(second);
      this.tree.dropEnded();
    } catch (error) {
      this.takeFailure(error, verdict);
    }
    this.uplink.notify();
    if (this.counters.ticks % ticksPerCleanUp === 0) this.cleanUp();
    this.counters.lastTickMs = Number(process.hrtime.bigint() - startedAt) / 1e6;
  }

  /** A reading that failed says nothing of its second, and the next one starts anew. */
  private takeFailure(error: unknown, verdict: TickVerdict): void {
    this.counters.failedTicks++;
    this.clock.restart();
    this.counters.missingSeconds += verdict.kind === 'seal' ? verdict.seconds.length : 0;
    const why = error instanceof Error ? error.message : String(error);
    if (this.counters.failedTicks === 1) this.options.onNotice(`could not measure this second: ${why}`);
  }

  private read(usage: OpenedUsage): void {
    usage.source.read(this.sample);
    this.tree.apply(this.sample, usage.machine?.readNs());
    const processes = usage.processes?.read();
    if (processes !== undefined) this.splitter?.apply(processes, uptime() * 1e9);
  }

  private seal(verdict: TickVerdict, { source }: OpenedUsage): SealedSecond[] {
    const meters = this.tree.activeMeters;
    if (verdict.kind !== 'seal') {
      this.counters.missingSeconds += verdict.kind === 'drop' ? verdict.missing : 0;
      for (const meter of meters) this.counters.droppedCpuNs += meter.discard();
      return [];
    }
    this.counters.sealedSeconds += verdict.seconds.length;
    if (verdict.seconds.length > 1) this.counters.averagedSeconds += verdict.seconds.length;
    this.lastSealed = verdict.seconds.at(-1) ?? this.lastSealed;
    return sealSeconds(
      { source: source.name, meters, identify: (meter) => this.identities.identify(meter) },
      verdict,
    );
  }

  private cleanUp(): void {
    this.runState.trySave(this.lastSealed, this.options.onNotice);
    const used = new Set<ContainerIdentity>();
    for (const { identities } of this.buffer.all()) for (const identity of identities) used.add(identity);
    for (const meter of this.tree.activeMeters) {
      const identity = this.identities.identify(meter);
      if (identity !== undefined) used.add(identity);
    }
    this.identities.retain(used);
  }
}
