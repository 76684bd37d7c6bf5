import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from '../support/free-port.js';
import { runJson, start, startUp, type CostJson } from '../support/product.js';

/** How hard the proof is. */
export interface CrashProofOptions {
  readonly kills: number;
  readonly seed: number;
  readonly nodes: number;
  readonly podsPerNode: number;
  readonly seconds: number;
}

/** What came out. */
export interface CrashProof {
  readonly kills: number;
  readonly emitted: string;
  /** By what `kubehero cost` was asked for: sums of rows, idle and unobserved. */
  readonly stored: Readonly<Record<string, string>>;
  readonly observedNodeSeconds: number;
}

/** A small generator, so that a failing history can be run again. */
export function randomBySeed(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}

/**
 * Kills the whole product (SIGKILL) at random moments while a simulator sends, everything twice and out of order,
 * starts it again each time, and compares what is stored in the end with what was emitted.
 */
export async function proveCrashSafety(
  options: CrashProofOptions,
  tell: (line: string) => void,
): Promise<CrashProof> {
  const folder = await mkdtemp(join(tmpdir(), 'kubehero-crash-'));
  const random = randomBySeed(options.seed);
  const ports = { http: await findFreePort(), grpc: await findFreePort() };
  const args = [
    '--http',
    `127.0.0.1:${ports.http}`,
    '--grpc',
    `127.0.0.1:${ports.grpc}`,
    '--dashboard',
    'off',
    '--collector',
    'off',
  ];
  let up = await startUp(folder, args);
  const simulation = [
    'simulate',
    '--client',
    up.client,
    '--nodes',
    String(options.nodes),
    '--pods-per-node',
    String(options.podsPerNode),
    '--seconds',
    String(options.seconds),
    '--repeat',
    '2',
    '--shuffle',
    '--late',
    '0.05',
    '--output',
    'json',
  ];
  const sender = start(simulation);
  let kills = 0;
  while (kills < options.kills) {
    await new Promise((resolve) => setTimeout(resolve, 200 + random() * 2500));
    if (sender.child.exitCode !== null) break;
    up.child.kill('SIGKILL');
    await up.ended;
    kills += 1;
    tell(`kill ${kills}`);
    up = await startUp(folder, args);
  }
  const code = await sender.ended;
  if (code !== 0) throw new Error(`the simulator ended with ${code}: ${sender.errors()}`);
  const emitted = JSON.parse(sender.output()) as {
    costPicodollars: string | number;
    from: string;
    to: string;
  };
  const stored: Record<string, string> = {};
  let observedNodeSeconds = 0;
  const windows = {
    exactly: [emitted.from, emitted.to],
    ragged: [shift(emitted.from, -7), shift(emitted.to, 13)],
  };
  await new Promise((resolve) => setTimeout(resolve, 15_000));
  for (const by of ['cluster', 'pod', 'node,namespace']) {
    for (const [name, [from = '', to = '']] of Object.entries(windows)) {
      const cost = await runJson<CostJson>([
        'cost',
        '--client',
        up.client,
        '--by',
        by,
        '--from',
        from,
        '--to',
        to,
        '--output',
        'json',
      ]);
      const sum = cost.rows.reduce(
        (total, row) => total + BigInt(row.costPicodollars),
        BigInt(cost.idle.costPicodollars),
      );
      stored[`${by} ${name}`] = (sum + BigInt(cost.unobserved.costPicodollars)).toString();
      observedNodeSeconds = cost.coverage.observedNodeSeconds;
    }
  }
  up.child.kill('SIGTERM');
  if ((await up.ended) !== 0) throw new Error(`kubehero up did not end well: ${up.errors()}`);
  await rm(folder, { recursive: true, force: true });
  return { kills, emitted: String(emitted.costPicodollars), stored, observedNodeSeconds };
}

function shift(instant: string, seconds: number): string {
  return new Date(Date.parse(instant) + seconds * 1000).toISOString();
}
