import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Fleet, TelemetryGenerator, toHello, toNodeBatch } from '@kubehero/cli';
import { standardPrices } from '@kubehero/control-plane';
import { createConnectClient, fixedTls, query, RpcChannel, telemetry } from '@kubehero/rpc';
import { readFile } from 'node:fs/promises';
import { startPlane, startStores, type Plane, type Stores } from '../support/stack.js';
import { waitUntil } from '../support/wait-until.js';

/** A node at 3.6 USD an hour costs this each second. */
const SECOND = 1_000_000_000n;
/** Not long ago: answers about settled windows are kept for two seconds. */
const FIRST = Math.floor(Date.now() / 1000) - 500;

const isoAt = (second: number): string => new Date(second * 1000).toISOString();

/** One node as the control plane sees it: seconds are sent by their distance from the first one. */
class Node {
  readonly #fleet: Fleet;
  readonly #generator: TelemetryGenerator;
  #sequence = 0;
  #stream: ReturnType<Node['open']>;

  constructor(
    private readonly channel: RpcChannel,
    private readonly identity: { readonly seed: number; readonly bootId?: string; readonly priced?: boolean },
  ) {
    const { seed } = identity;
    this.#fleet = new Fleet({
      ...{ nodes: 1, podsPerNode: 3, seed, cluster: 'gaps', nodePricePerHour: '3.6', startS: FIRST },
    });
    this.#generator = new TelemetryGenerator(this.#fleet, {});
    this.#stream = this.open();
  }

  get name(): string {
    return this.#fleet.nodeSpec(0).name ?? '';
  }

  /** Sends seconds and waits until they are durable. */
  async send(...offsets: readonly number[]): Promise<void> {
    const { stream, responses } = await this.#stream;
    const seconds = offsets.map((offset) => FIRST + offset);
    this.#sequence += 1;
    const batch = toNodeBatch(this.#fleet, this.#generator.columns(0, seconds), this.#sequence === 1);
    await stream.send({ batch: { sequence: this.#sequence, nodes: [this.#specified(batch)] } });
    const { value } = (await responses.next()) as IteratorResult<telemetry.ReportResponse, undefined>;
    expect(value?.rejection).toBeUndefined();
    expect(value?.acknowledgement?.throughSequence).toBe(String(this.#sequence));
  }

  async leave(): Promise<void> {
    const { stream, responses } = await this.#stream;
    await stream.send({ farewell: { nodes: [0] } });
    stream.end();
    while (!(await responses.next()).done);
  }

  async end(): Promise<void> {
    (await this.#stream).stream.end();
  }

  async open() {
    const stream = this.channel.client(telemetry.TelemetryService).Report();
    await stream.send({ hello: toHello(this.#fleet, 'test') });
    const responses = stream.responses[Symbol.asyncIterator]();
    await responses.next(); // the welcome
    return { stream, responses };
  }

  #specified(batch: telemetry.NodeBatchInput): telemetry.NodeBatchInput {
    if (batch.spec === undefined) return batch;
    const { bootId = batch.spec.bootId, priced = true } = this.identity;
    const annotations = priced ? batch.spec.annotations : {};
    return { ...batch, spec: { ...batch.spec, bootId, annotations } };
  }
}

describe('seconds that did not come', () => {
  let stores: Stores;
  let plane: Plane;
  let channel: RpcChannel;
  /** How much the control plane's clock is ahead of the machine's: nobody waits for the time of grace. */
  let ahead = 0;

  beforeAll(async () => {
    stores = await startStores();
    plane = await startPlane(stores, {
      nowS: () => Math.floor(Date.now() / 1000) + ahead,
      prices: standardPrices({ currency: 'EUR', networkRates: { crossZone: '0.01', internet: '0.09' } }),
    });
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
  }, 60_000);
  afterAll(async () => {
    channel.close();
    await plane.stop();
    await stores.close();
  });

  async function costOf(node: string, to: number, from = 0): Promise<query.GetCostResponse> {
    const client = createConnectClient({ server: plane.plane.url, token: plane.token }).client(
      query.CostService,
    );
    const where = [{ key: 'node', value: node }];
    return await client.GetCost({
      by: [],
      where,
      from: isoAt(FIRST + from),
      to: isoAt(FIRST + to),
      stepS: 0,
    });
  }

  /** An answer in short. */
  function inShort(cost: query.GetCostResponse): object {
    const money = (text: string | undefined): bigint => BigInt(text ?? 0);
    const parts = [...cost.rows.map((row) => row.costPicodollars), cost.idle?.costPicodollars];
    return {
      expected: Number(cost.coverage?.expectedNodeSeconds),
      observed: Number(cost.coverage?.observedNodeSeconds),
      measured: parts.reduce((sum, part) => sum + money(part), 0n),
      unobserved: money(cost.unobserved?.costPicodollars),
      unobservedSeconds: Number(cost.unobserved?.nodeSeconds),
      unpricedSeconds: Number(cost.unpriced?.nodeSeconds),
      total: money(cost.total?.costPicodollars),
    };
  }

  /** Names of nodes are a second old at most, so an answer may come a moment later. */
  async function expectSoon(node: Node, to: number, expected: object, from = 0): Promise<void> {
    let found = {};
    const isThere = async (): Promise<boolean> => {
      found = inShort(await costOf(node.name, to, from));
      return Object.entries(expected).every(([name, value]) =>
        Object.entries(found).some(([key, one]) => key === name && one === value),
      );
    };
    await waitUntil('the answer', isThere, 20_000).catch(() => undefined); // the difference says more
    expect(found).toMatchObject(expected);
  }

  async function untilCharged(node: string, seconds: number, to: number): Promise<void> {
    ahead += 100;
    await waitUntil(`${seconds} s are charged`, async () => {
      const { unobserved } = await costOf(node, to);
      return Number(unobserved?.nodeSeconds) === seconds;
    });
  }

  it('of a node that ran are charged as unobserved, exactly, and what comes late replaces the charge', async () => {
    const node = new Node(channel, { seed: 1 });
    await node.send(0, 1);
    await node.send(202, 203);
    await expectSoon(node, 204, { expected: 204, observed: 4, measured: 4n * SECOND, unobserved: 0n });

    await untilCharged(node.name, 200, 204);
    await expectSoon(node, 204, {
      ...{ expected: 204, observed: 4, measured: 4n * SECOND, unpricedSeconds: 0 },
      ...{ unobserved: 200n * SECOND, unobservedSeconds: 200, total: 204n * SECOND },
    });

    await node.send(100, 101);
    await expectSoon(node, 204, {
      ...{ expected: 204, observed: 6, measured: 6n * SECOND, unpricedSeconds: 0 },
      ...{ unobserved: 198n * SECOND, unobservedSeconds: 198, total: 204n * SECOND },
    });
    await node.end();
  }, 60_000);

  it('for more than a day are charged all the same, in pieces', async () => {
    const node = new Node(channel, { seed: 6 });
    const dayAndMore = 100_000;
    await node.send(-dayAndMore);
    await node.send(0);
    ahead += 100;
    const wanted = {
      ...{ observed: 1, unobservedSeconds: dayAndMore - 1, unobserved: BigInt(dayAndMore - 1) * SECOND },
    };
    await expectSoon(node, 0, { expected: dayAndMore, ...wanted }, -dayAndMore);
    await node.end();
  }, 60_000);

  it('between two boots cost nothing: nobody knows that the node ran', async () => {
    const first = new Node(channel, { seed: 2, bootId: 'first' });
    await first.send(0, 1);
    await first.end();
    const second = new Node(channel, { seed: 2, bootId: 'second' });
    await second.send(102, 103);
    const witness = new Node(channel, { seed: 3 });
    await witness.send(0, 1);
    await witness.send(102, 103);
    await untilCharged(witness.name, 100, 104);
    await expectSoon(second, 104, {
      ...{ observed: 4, measured: 4n * SECOND, unobserved: 0n, unobservedSeconds: 0, total: 4n * SECOND },
    });
    await second.end();
    await witness.end();
  }, 60_000);

  it('after a farewell are not expected', async () => {
    const node = new Node(channel, { seed: 4 });
    await node.send(0, 1, 2);
    await node.leave();
    await expectSoon(node, 400, { expected: 3, observed: 3, unobserved: 0n });
  });

  it('are a different thing from seconds without a price, which are told as time and never as zero cost', async () => {
    const node = new Node(channel, { seed: 5, priced: false });
    await node.send(0, 1, 2);
    await expectSoon(node, 3, { expected: 3, observed: 3, unpricedSeconds: 3, total: 0n });
    const [usage] = await stores.clickhouse.query<{ rows: string; cpu: string }>(
      `SELECT count() AS rows, sum(cpu_us) AS cpu FROM kubehero.pod_cost_1s
       WHERE state = 0 AND cpu_cost + ram_cost = 0`,
    );
    expect(Number(usage?.rows)).toBe(9);
    expect(Number(usage?.cpu)).toBeGreaterThan(0);
    await node.end();
  });
});
