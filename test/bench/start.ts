import { readClientFile } from '@kubehero/rpc';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startUp } from '../support/product.js';
import { stopChild } from '../support/stack.js';
import { report, rounded } from './support/figures.js';
import { readEvents } from './support/live-events.js';

/**
 * `kubehero up` on built files: time from the start of the process to `client.json`, and to the first tick of the
 * live stream that carries a price; on an empty data folder, then on the same folder again.
 *
 * `node dist/js/test/bench/start.js [--dashboard]`
 */
const { values: flags } = parseArgs({ options: { dashboard: { type: 'boolean', default: false } } });
const LOCAL = '127.0.0.1:0';
const PATIENCE_MS = 300_000;

interface Times {
  readonly clientFileS: number;
  readonly firstPricedTickS: number;
}

async function measure(folder: string): Promise<Times> {
  const startedS = Date.now() / 1000;
  const started = performance.now();
  const dashboard = flags.dashboard ? LOCAL : 'off';
  const up = await startUp(
    folder,
    ['--http', LOCAL, '--grpc', LOCAL, '--dashboard', dashboard, '--node-price', '0.40'],
    PATIENCE_MS,
  );
  try {
    const clientFileS = (performance.now() - started) / 1000;
    const client = await readClientFile(up.client);
    for await (const { event, data } of readEvents(client, '/live?by=namespace')) {
      if (event !== 'tick') continue;
      const tick = data as { second: number; values: readonly unknown[]; idle: string };
      // Seconds of the run before are on the stream too
      if (tick.second >= startedS && tick.values.length > 0 && BigInt(tick.idle) > 0n) break;
    }
    return {
      clientFileS: rounded(clientFileS),
      firstPricedTickS: rounded((performance.now() - started) / 1000),
    };
  } finally {
    await stopChild(up.child);
  }
}

const folder = await mkdtemp(join(tmpdir(), 'kubehero-start-'));
const first = await measure(folder);
const again = await measure(folder);
await rm(folder, { recursive: true, force: true });
report('start', { first, again, dashboard: flags.dashboard });
