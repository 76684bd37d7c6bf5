import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { simulate, simulateSettings } from '@kubehero/cli';
import { metricNames } from '@kubehero/contract';
import { readSettings, silentLogger } from '@kubehero/runtime';
import { waitUntil } from '../../support/wait-until.js';
import { startPlane, startStores, type Plane, type Stores } from '../../support/stack.js';

describe('metrics of the fleet', () => {
  let stores: Stores;
  let plane: Plane;
  let sending: Promise<unknown> = Promise.resolve();
  const stop = new AbortController();
  const scrape = async (): Promise<string> => await (await fetch(`${plane.plane.url}/metrics`)).text();
  const samples = (text: string, name: string): string[] =>
    text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));

  beforeAll(async () => {
    stores = await startStores();
    plane = await startPlane(stores);
    const flags = {
      ...{ nodes: '3', podsPerNode: '2', seconds: '600', cluster: 'shop', client: plane.clientFile },
      realtime: true,
    };
    sending = simulate(readSettings(simulateSettings, { flags }), {
      logger: silentLogger,
      signal: stop.signal,
      now: Date.now,
    }).catch(() => undefined); // it is stopped half-way
    await waitUntil(
      'all nodes report',
      async () => samples(await scrape(), metricNames.collectorLastSecond).length === 3,
    );
  });
  afterAll(async () => {
    stop.abort();
    await sending;
    await plane.stop();
    await stores.close();
  });

  it('has a series for everything of the control plane that alerts and pictures are made from', async () => {
    const text = await scrape();
    const own = [
      metricNames.collectorLastSecond,
      metricNames.controlPlaneLeader,
      metricNames.unpricedNodes,
      metricNames.unobservedNodeSeconds,
      metricNames.storePoolInUse,
      metricNames.storePoolSize,
    ];
    for (const name of own) expect([name, samples(text, name).length > 0]).toEqual([name, true]);
    expect(text).toContain(`# TYPE ${metricNames.ingestRefused} counter`);
  });

  it('tells the newest second of each node, the leader, and the size of the pools', async () => {
    const text = await scrape();
    const seconds = samples(text, metricNames.collectorLastSecond);
    expect(seconds).toHaveLength(3);
    for (const line of seconds) {
      expect(line).toContain('cluster="shop"');
      expect(Math.abs(Date.now() / 1000 - Number(line.split(' ').at(-1)))).toBeLessThan(120);
    }
    expect(samples(text, metricNames.controlPlaneLeader)).toEqual([`${metricNames.controlPlaneLeader} 1`]);
    expect(samples(text, metricNames.unpricedNodes)).toEqual([
      `${metricNames.unpricedNodes}{cluster="shop"} 0`,
    ]);
    for (const line of samples(text, metricNames.storePoolSize))
      expect(Number(line.split(' ').at(-1))).toBeGreaterThan(1);
  });
});
