import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Fleet, TelemetryGenerator, toHello, toNodeBatch } from '@kubehero/cli';
import { fixedTls, RpcChannel, telemetry } from '@kubehero/rpc';
import { sql } from '@kubehero/store-postgres';
import { readFile } from 'node:fs/promises';
import { sumTable } from '../../../support/ledger.js';
import { startPlane, startStores, type Plane, type Stores } from '../../../support/stack.js';
import { waitUntil } from '../../../support/wait-until.js';

const FIRST = Math.floor(Date.now() / 1000) - 600;

describe('a welcome, by which an emitter forgets what it holds', () => {
  let stores: Stores;
  let plane: Plane;
  let channel: RpcChannel;
  const fleet = new Fleet({
    ...{ nodes: 1, podsPerNode: 3, seed: 1, cluster: 'welcome', nodePricePerHour: '0.4', startS: FIRST },
  });
  const generator = new TelemetryGenerator(fleet, {});

  beforeAll(async () => {
    stores = await startStores();
    plane = await startPlane(stores);
    const files = JSON.parse(await readFile(plane.clientFile, 'utf8')) as Record<string, string>;
    const pem = async (name: string): Promise<string> => await readFile(files[name] ?? '', 'utf8');
    channel = new RpcChannel({
      target: files['grpc'] ?? '',
      tls: fixedTls({
        caBundlePem: await pem('caFile'),
        certificateChainPem: await pem('clusterCertFile'),
        privateKeyPem: await pem('clusterKeyFile'),
      }),
    });
  });
  afterAll(async () => {
    channel.close();
    await plane.stop();
    await stores.close();
  });

  /** Opens a stream. @returns it, and the second that its welcome names */
  async function greet() {
    const stream = channel.client(telemetry.TelemetryService).Report();
    await stream.send({ hello: toHello(fleet, 'test') });
    const responses = stream.responses[Symbol.asyncIterator]();
    const { value } = (await responses.next()) as IteratorResult<telemetry.ReportResponse, undefined>;
    const send = async (sequence: number, offset: number): Promise<void> => {
      const columns = generator.columns(0, [FIRST + offset, FIRST + offset + 1]);
      await stream.send({ batch: { sequence, nodes: [toNodeBatch(fleet, columns, sequence === 1)] } });
    };
    return {
      through: (value?.welcome?.nodes[0]?.sealedThrough ?? 0) - FIRST,
      send,
      acknowledged: () => responses.next(),
      end: () => {
        stream.end();
      },
    };
  }

  it('names no second whose ledger is not durable, though its rows are', async () => {
    const first = await greet();
    await first.send(1, 0);
    await first.acknowledged();
    let written = Promise.resolve<unknown>(undefined);
    await stores.db.transaction().execute(async (transaction) => {
      await sql`lock table node_progress in exclusive mode`.execute(transaction);
      await first.send(2, 2);
      written = first.acknowledged();
      await waitUntil('the rows are durable', async () => {
        const { rows } = await sumTable(stores.clickhouse, 'second', 1);
        return rows === 4 * 4;
      });
      const meanwhile = await greet();
      expect(meanwhile.through).toBe(1);
      meanwhile.end();
    });
    await written;
    const afterwards = await greet();
    expect(afterwards.through).toBe(3);
    afterwards.end();
    first.end();
  }, 60_000);
});
