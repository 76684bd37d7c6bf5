import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { SecondBuffer } from '../../../services/collector/buffer/second-buffer.js';
import type { SealedSecond } from '../../../services/collector/buffer/sealed-second.js';
import { readNodeFacts } from '../../../services/collector/node/node-facts.js';
import { hostIdentity } from '../../../services/collector/pods/host-identity.js';
import type { ContainerIdentity } from '../../../services/collector/pods/container-identity.js';
import { Uplink } from '../../../services/collector/uplink/uplink.js';
import { ReportHub } from '../../support/report-hub.js';

const named = (id: number): ContainerIdentity => hostIdentity({ kind: 'group', path: `/g${id}`, id });
const identities = Array.from({ length: 5 }, (_, index) => named(index));

function makeSecond(second: number, rows: readonly ContainerIdentity[] = identities): SealedSecond {
  return {
    second,
    source: 'BPF',
    identities: rows,
    cpuUs: Uint32Array.from(rows, (_, row) => second * 10 + row),
    memoryBytes: Float64Array.from(rows, () => 2 ** 40 + second),
    network: [{ row: 1, networkClass: 4, txBytes: 2 ** 33 + 1, rxBytes: 7 }],
  };
}

describe('the uplink', () => {
  let hub: ReportHub;
  let buffer: SecondBuffer;
  let uplink: Uplink;
  const notices: string[] = [];
  const through: number[] = [];
  const { spec } = readNodeFacts();

  beforeEach(async () => {
    hub = new ReportHub();
    await hub.start();
    buffer = new SecondBuffer(60);
    notices.length = through.length = 0;
    uplink = new Uplink({
      emitter: 'test/1',
      node: { nodeUid: 'node-1', incarnation: 7 },
      buffer,
      spec: () => spec,
      openReport: hub.openReport,
      answerTimeoutMs: 1500,
      longestBackoffMs: 300,
      onNotice: (sentence) => notices.push(sentence),
      onSealedThrough: (second) => through.push(second),
    });
  });

  afterEach(async () => {
    await uplink.stop(100);
    hub.close();
  });

  const add = (...seconds: number[]): void => {
    for (const second of seconds) buffer.push(makeSecond(second));
    uplink.notify();
  };
  const until = async (done: () => boolean): Promise<void> => {
    for (let waited = 0; !done() && waited < 8000; waited += 20) await sleep(20);
    expect(done()).toBe(true);
  };

  it('introduces the node, sends columns that read back, and forgets what was acknowledged', async () => {
    add(1, 2);
    uplink.start();
    await until(() => buffer.depth === 0);
    expect(hub.hellos[0]).toMatchObject({
      emitter: 'test/1',
      nodes: [{ nodeUid: 'node-1', incarnation: '7' }],
    });
    expect(hub.specs).toHaveLength(1);
    expect(hub.rows).toHaveLength(10);
    expect(hub.rows[6]).toMatchObject({
      second: 2,
      cpuUs: 21,
      memoryBytes: 2 ** 40 + 2,
      network: { 4: { tx: 2 ** 33 + 1, rx: 7 } },
      identity: { workload: 'g1', namespace: 'host' },
    });
  });

  it('sends each identity once a stream and rows by rising index', async () => {
    uplink.start();
    add(1);
    await until(() => buffer.depth === 0);
    buffer.push(makeSecond(2, [named(9), ...[...identities].reverse()]));
    uplink.notify();
    await until(() => buffer.depth === 0);
    expect(hub.batches[1]?.identities).toHaveLength(1);
    const column = hub.batches[1]?.identity ?? Buffer.alloc(0);
    expect(Array.from({ length: 6 }, (_, row) => column.readUInt32LE(4 * row))).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('sends again what a hub that went away did not acknowledge, with a new dictionary', async () => {
    hub.behaviour.acknowledges = false;
    uplink.start();
    add(1, 2, 3);
    await until(() => hub.seconds.length === 3);
    hub.stop();
    add(4);
    hub.behaviour.acknowledges = true;
    await hub.start();
    await until(() => buffer.depth === 0);
    expect(hub.seconds).toEqual([1, 2, 3, 1, 2, 3, 4]);
    expect(hub.batches.at(-1)?.second.length).toBeLessThanOrEqual(16);
    expect(notices.some((notice) => notice.includes('again'))).toBe(true);
  });

  it('starts anew when the hub does not answer', async () => {
    hub.behaviour.acknowledges = false;
    uplink.start();
    add(1);
    await until(() => uplink.statistics.streams >= 2);
    hub.behaviour.acknowledges = true;
    await until(() => buffer.depth === 0);
  });

  it('does not send what a welcome says is stored', async () => {
    hub.behaviour.sealedThrough = 2;
    add(1, 2, 3);
    uplink.start();
    await until(() => buffer.depth === 0);
    expect(hub.seconds).toEqual([3]);
    expect(through).toEqual([2]);
  });

  it('counts a refused batch by its reason and goes on', async () => {
    hub.behaviour.rejectNext = 'REJECTION_REASON_FROM_THE_FUTURE';
    uplink.start();
    add(1);
    await until(() => buffer.depth === 0);
    add(2);
    await until(() => buffer.depth === 0);
    expect(uplink.statistics.rejections).toEqual({ REJECTION_REASON_FROM_THE_FUTURE: 1 });
    expect(hub.seconds).toEqual([2]);
  });

  it('drops the oldest second when 60 wait and counts the gap', async () => {
    add(...Array.from({ length: 65 }, (_, index) => index + 1));
    expect([buffer.depth, buffer.overflowed]).toEqual([60, 5]);
    uplink.start();
    await until(() => buffer.depth === 0);
    expect([hub.seconds.at(0), hub.seconds.length]).toEqual([6, 60]);
    expect(hub.batches.length).toBeLessThanOrEqual(6);
  });
});
