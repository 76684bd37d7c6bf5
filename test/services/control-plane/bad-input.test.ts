import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Fleet, TelemetryGenerator, toHello, toNodeBatch } from '@kubehero/cli';
import { fixedTls, RpcChannel, telemetry, type RpcError } from '@kubehero/rpc';
import { tryFindClusterByName } from '@kubehero/store-postgres';
import { readFile } from 'node:fs/promises';
import { sumTable } from '../../support/ledger.js';
import { startPlane, startStores, type Plane, type Stores } from '../../support/stack.js';

type Batch = telemetry.NodeBatchInput;

const u32 = (...values: number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);

describe('a batch that cannot be right', () => {
  let stores: Stores;
  let plane: Plane;
  let channel: RpcChannel;
  let run = 0;

  beforeAll(async () => {
    stores = await startStores();
    plane = await startPlane(stores);
    channel = await connect();
  });
  afterAll(async () => {
    channel.close();
    await plane.stop();
    await stores.close();
  });
  beforeEach(() => {
    run += 1;
  });

  const connect = async (): Promise<RpcChannel> => {
    const files = JSON.parse(await readFile(plane.clientFile, 'utf8')) as Record<string, string>;
    const pem = async (name: string): Promise<string> => await readFile(files[name] ?? '', 'utf8');
    return new RpcChannel({
      target: files['grpc'] ?? '',
      tls: fixedTls({
        caBundlePem: await pem('caFile'),
        certificateChainPem: await pem('clusterCertFile'),
        privateKeyPem: await pem('clusterKeyFile'),
      }),
    });
  };

  /** Sends a good batch, the given one, and another good one; returns what was said about them. */
  const play = async (
    change: (good: Batch) => Batch,
  ): Promise<{ rejections: telemetry.Rejection[]; acknowledged: string; rows: number }> => {
    const first = Math.floor(Date.now() / 1000) - 600;
    const fleet = new Fleet({
      nodes: 1,
      podsPerNode: 3,
      seed: run,
      cluster: `bad-${run}`,
      nodePricePerHour: '0.4',
      startS: first,
    });
    const generator = new TelemetryGenerator(fleet, {});
    const good = (offset: number): Batch =>
      toNodeBatch(fleet, generator.columns(0, [first + offset, first + offset + 1]), offset === 0);
    const before = await stored();
    const stream = channel.client(telemetry.TelemetryService).Report();
    await stream.send({ hello: toHello(fleet, 'test') });
    const batches = [good(0), change(good(2)), good(4)];
    for (const [index, batch] of batches.entries())
      await stream.send({ batch: { sequence: index + 1, nodes: [batch] } });
    const rejections: telemetry.Rejection[] = [];
    let acknowledged = '0';
    for await (const response of stream.responses) {
      if (response.rejection !== undefined) rejections.push(response.rejection);
      if (response.acknowledgement !== undefined) acknowledged = response.acknowledgement.throughSequence;
      if (acknowledged === '3') break;
    }
    stream.end();
    return { rejections, acknowledged, rows: (await stored()) - before };
  };

  const stored = async (): Promise<number> => {
    const key = (await tryFindClusterByName(stores.db, 'test'))?.key ?? 0;
    return (await sumTable(stores.clickhouse, 'second', key)).rows;
  };

  it.each<[string, telemetry.Rejection['reason'], (good: Batch) => Batch]>([
    ['has a truncated column', 'REJECTION_REASON_MALFORMED', (good) => ({ ...good, cpuUs: u32(1) })],
    [
      'has a column of odd length',
      'REJECTION_REASON_MALFORMED',
      (good) => ({ ...good, second: new Uint8Array(7) }),
    ],
    [
      'has row counts that do not add up',
      'REJECTION_REASON_MALFORMED',
      (good) => ({ ...good, rowCount: u32(3, 2) }),
    ],
    [
      'has seconds that fall',
      'REJECTION_REASON_MALFORMED',
      (good) => ({ ...good, second: u32(2_000_000, 1_000_000) }),
    ],
    [
      'names an identity that is not in the dictionary',
      'REJECTION_REASON_MALFORMED',
      (good) => ({ ...good, identity: u32(0, 1, 2, 0, 1, 99) }),
    ],
    [
      'names an identity twice in a second',
      'REJECTION_REASON_DUPLICATE_IDENTITY',
      (good) => ({ ...good, identity: u32(0, 1, 2, 0, 1, 1) }),
    ],
    [
      'comes from the future',
      'REJECTION_REASON_FROM_THE_FUTURE',
      (good) => ({ ...good, second: u32(4_000_000_000, 4_000_000_001) }),
    ],
    [
      'has more rows in one second than are taken',
      'REJECTION_REASON_OVERSIZED',
      (good) => ({
        ...good,
        rowCount: u32(32_768, 0),
        identity: new Uint8Array(4 * 32_768),
        cpuUs: new Uint8Array(4 * 32_768),
        memoryBytes: new Uint8Array(8 * 32_768),
      }),
    ],
    ['is older than the horizon', 'REJECTION_REASON_TOO_OLD', (good) => ({ ...good, second: u32(1, 2) })],
    [
      'holds a counter that ran backwards',
      'REJECTION_REASON_IMPLAUSIBLE',
      (good) => ({ ...good, cpuUs: u32(1, 2, 3, 4, 5, 4_294_967_290) }),
    ],
    [
      'comes of a node that was never introduced',
      'REJECTION_REASON_UNKNOWN_NODE',
      (good) => ({ ...good, node: 7 }),
    ],
  ])('and %s is refused with a reason, and the stream goes on', async (_name, reason, change) => {
    const outcome = await play(change);

    expect(outcome.rejections.map((rejection) => [rejection.sequence, rejection.reason])).toEqual([
      ['2', reason],
    ]);
    expect(outcome.rejections[0]?.message).not.toBe('');
    expect(outcome.rows).toBe(4 * (3 + 1));
  });

  it('is counted by reason', async () => {
    await play((good) => ({ ...good, cpuUs: u32(1) }));

    const metrics = await (await fetch(`${plane.plane.url}/metrics`)).text();

    expect(metrics).toMatch(/kubehero_ingest_refused_total\{reason="MALFORMED"\} [1-9]/);
  });

  it('keeps names of any bytes apart', async () => {
    const outcome = await play((good) => ({
      ...good,
      identities: ['a\u0000b', 'a"b\\', '\u{1F980}\n'].map((pod) => ({
        kind: 'IDENTITY_KIND_CONTAINER' as const,
        podUid: `${run}-${encodeURIComponent(pod)}`,
        namespace: pod,
        pod,
        container: pod,
      })),
      identity: u32(3, 4, 5, 3, 4, 5),
    }));

    expect(outcome.rejections).toEqual([]);
    expect(outcome.rows).toBe(6 * (3 + 1));
  });

  it('of a cluster that is not registered is refused as a whole', async () => {
    const issued = await plane.plane.authority.issueCluster('stranger');
    const stranger = new RpcChannel({
      target: `127.0.0.1:${plane.plane.grpcPort}`,
      tls: fixedTls({
        caBundlePem: plane.plane.authority.caBundlePem,
        certificateChainPem: issued.certificateChainPem,
        privateKeyPem: issued.privateKeyPem,
      }),
    });
    const stream = stranger.client(telemetry.TelemetryService).Report();

    const failure = (async () => {
      for await (const response of stream.responses) void response;
    })();

    await expect(failure).rejects.toMatchObject({ code: 'permission_denied' } satisfies Partial<RpcError>);
    stranger.close();
  });
});
