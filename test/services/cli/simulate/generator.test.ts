import { describe, expect, it } from '@jest/globals';
import { defaultProtocol, telemetry } from '@kubehero/rpc';
import fc from 'fast-check';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Fleet, podShapes, type FleetOptions } from '../../../../services/cli/simulate/fleet.js';
import {
  encodeReport,
  TelemetryGenerator,
  toNodeBatch,
} from '../../../../services/cli/simulate/generator.js';
import { planMessages } from '../../../../services/cli/simulate/plan.js';
import { costOfNode, toPicodollars } from '../../../../services/cli/simulate/price.js';
import { decodePart } from '../../../support/telemetry-hub.js';

const options: FleetOptions = {
  nodes: 40,
  podsPerNode: 30,
  seed: 7,
  cluster: 'local',
  nodePricePerHour: '0.40',
  startS: 1_800_000_000,
};

function decode(bytes: Buffer): telemetry.ReportRequest {
  const report = defaultProtocol().service(telemetry.TelemetryService.typeName)['Report'];
  return report?.requestDeserialize(bytes) as telemetry.ReportRequest;
}

describe('telemetry generator', () => {
  it('makes the same second again, whatever was asked before and however seconds are grouped', () => {
    fc.assert(
      fc.property(
        fc.nat(39),
        fc.uniqueArray(fc.nat(5000), { minLength: 1, maxLength: 6 }),
        (node, offsets) => {
          const seconds = offsets.map((offset) => options.startS + offset).sort((a, b) => a - b);
          const together = new TelemetryGenerator(new Fleet(options)).columns(node, seconds);
          const generator = new TelemetryGenerator(new Fleet(options));
          const apart = seconds.map((second) => generator.columns(node, [second]));
          expect(Buffer.concat(apart.map((part) => part.cpuUs))).toEqual(Buffer.from(together.cpuUs));
          expect(Buffer.concat(apart.map((part) => part.memoryBytes))).toEqual(
            Buffer.from(together.memoryBytes),
          );
        },
      ),
      { numRuns: 30 },
    );
  });

  it('differs by seed, cluster, node and pod', () => {
    const uids = [
      new Fleet(options).nodeUid(0),
      new Fleet(options).nodeUid(1),
      new Fleet({ ...options, seed: 8 }).nodeUid(0),
      new Fleet({ ...options, cluster: 'other' }).nodeUid(0),
    ];
    const fleet = new Fleet(options);
    const pods = [0, 1].flatMap((node) => fleet.identities(node).map((identity) => identity.podUid));
    expect(new Set(uids).size).toBe(4);
    expect(new Set(pods).size).toBe(60);
  });

  it('never spends more CPU time than a node has, nor more memory', () => {
    const fleet = new Fleet(options);
    const generator = new TelemetryGenerator(fleet);
    const seconds = Array.from({ length: 120 }, (_, index) => options.startS + index);
    for (let node = 0; node < options.nodes; node += 1) {
      const spec = fleet.nodeSpec(node);
      for (const second of seconds) {
        const { cpuUs, memoryBytes } = decodePart(
          decode(
            encodeReport({ batch: { nodes: [toNodeBatch(fleet, generator.columns(node, [second]), true)] } }),
          ).batch?.nodes[0] as telemetry.NodeBatch,
        );
        expect(cpuUs.reduce((sum, us) => sum + us, 0)).toBeLessThanOrEqual(
          Number(spec.cpuCapacityMillicores) * 1000,
        );
        expect(Number(memoryBytes.reduce((sum, bytes) => sum + bytes, 0n))).toBeLessThanOrEqual(
          Number(spec.memoryCapacityBytes),
        );
      }
    }
  });

  it('has the shape of a real fleet: 30 % asleep, 35 % daemons, 25 % services, 10 % bursts, calm memory', () => {
    const fleet = new Fleet({ ...options, nodes: 200 });
    const counts = [0, 0, 0, 0];
    for (let node = 0; node < 200; node += 1) {
      for (const shape of fleet.podTraits(node).shape) counts[shape] = (counts[shape] ?? 0) + 1;
    }
    const shares = counts.map((count) => count / 6000);
    expect(shares[podShapes.asleep]).toBeCloseTo(0.3, 1);
    expect(shares[podShapes.daemon]).toBeCloseTo(0.35, 1);
    expect(shares[podShapes.service]).toBeCloseTo(0.25, 1);
    expect(shares[podShapes.burst]).toBeCloseTo(0.1, 1);
    const generator = new TelemetryGenerator(fleet);
    const memory = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((offset) =>
      Buffer.from(generator.columns(3, [options.startS + offset]).memoryBytes),
    );
    let changed = 0;
    for (let index = 1; index < memory.length; index += 1) {
      for (let row = 0; row < 30; row += 1) {
        const [now, before] = [memory[index], memory[index - 1]].map((bytes) =>
          bytes?.readBigUInt64LE(row * 8),
        );
        if (now !== before) changed += 1;
      }
    }
    expect(changed / 270).toBeLessThan(0.15);
  });

  it('sends no network unless asked to, and then classes and bytes of equal length', () => {
    const fleet = new Fleet(options);
    const seconds = [options.startS, options.startS + 1];
    const quiet = new TelemetryGenerator(fleet).columns(0, seconds);
    const loud = new TelemetryGenerator(fleet, { network: true }).columns(0, seconds);
    expect(quiet.netRow).toHaveLength(0);
    expect(loud.netRow.length).toBeGreaterThan(0);
    expect(loud.netClass).toHaveLength(loud.netRow.length / 4);
    expect(loud.netTxBytes).toHaveLength(loud.netRow.length * 2);
    expect(Math.max(...loud.netClass)).toBeLessThanOrEqual(4);
  });

  it('makes at least a million encoded pod-seconds for a second of CPU time', async () => {
    // In a process of its own: a test's sandbox makes every use of a global many times slower.
    const program = fileURLToPath(new URL('./generator-throughput.js', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [program], { timeout: 60_000 });
    expect(Number(stdout)).toBeGreaterThan(1_000_000);
  }, 60_000);
});

describe('plan of messages', () => {
  it('plans every node-second once a pass, strictly rising within a message', () => {
    fc.assert(
      fc.property(
        fc.record({
          nodes: fc.integer({ min: 1, max: 9 }),
          podsPerNode: fc.integer({ min: 0, max: 4000 }),
          seconds: fc.integer({ min: 1, max: 40 }),
          seed: fc.nat(),
          repeat: fc.integer({ min: 1, max: 3 }),
          shuffle: fc.boolean(),
          late: fc.constantFrom(0, 0.3, 1),
        }),
        (given) => {
          const seen = new Map<string, number>();
          for (const message of planMessages({ ...given, startS: 1000, secondsPerMessage: 10 })) {
            for (const { node, seconds } of message.parts) {
              expect(seconds).toEqual([...new Set(seconds)].sort((a, b) => a - b));
              for (const second of seconds) {
                const key = `${message.pass}/${node}/${second}`;
                seen.set(key, (seen.get(key) ?? 0) + 1);
              }
            }
          }
          expect(seen.size).toBe(given.nodes * given.seconds * given.repeat);
          expect([...seen.values()].every((count) => count === 1)).toBe(true);
        },
      ),
    );
  });

  it('sends late seconds after all others', () => {
    const plan = { nodes: 3, podsPerNode: 2, startS: 0, seconds: 60, seed: 1, repeat: 1, shuffle: false };
    const messages = [...planMessages({ ...plan, late: 0.1, secondsPerMessage: 10 })];
    const firstOf = messages.map((message) => message.parts[0]?.seconds[0] ?? 0);
    const turn = firstOf.findIndex((second, index) => index > 0 && second < (firstOf[index - 1] ?? 0));
    const late = messages.slice(turn).flatMap((message) => message.parts.flatMap((part) => part.seconds));
    expect(turn).toBe(6);
    expect(late.length).toBeGreaterThan(5);
    expect(late.length).toBeLessThan(40);
  });
});

describe('price of simulated nodes', () => {
  it('sums to the price over any whole hour', () => {
    for (const price of ['0.40', '1', '0.000000000001', '12.345678901234']) {
      const picodollars = toPicodollars(price.slice(0, 14));
      expect(costOfNode(picodollars, 7200, 10_800)).toBe(picodollars);
      expect(costOfNode(picodollars, 7200 + 1234, 10_800 + 1234)).toBe(picodollars);
    }
  });
});
