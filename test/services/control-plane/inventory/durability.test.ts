import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { RpcError } from '@kubehero/rpc';
import { silentLogger } from '@kubehero/runtime';
import {
  acquireLease,
  addCluster,
  listInventory,
  saveInventory,
  sql,
  type LeaseTerm,
} from '@kubehero/store-postgres';
import type { NamespaceRecord } from '../../../../services/control-plane/inventory/inventory-records.js';
import { Inventory, type ReportSession } from '../../../../services/control-plane/inventory/inventory.js';
import type { ReadReport } from '../../../../services/control-plane/inventory/read-report.js';
import { startStores, type Stores } from '../../../support/stack.js';
import { waitUntil } from '../../../support/wait-until.js';

/** A stream of an operator that remembers what it was told. */
class Session implements ReportSession {
  readonly reporter = { role: 'operator', name: 'op' };
  listing: Set<string> | undefined;
  acknowledged = 0;
  failure: RpcError | undefined;

  constructor(readonly clusterKey: number) {}

  acknowledge(through: number): void {
    this.acknowledged = through;
  }

  fail(error: RpcError): void {
    this.failure = error;
  }

  async settled(): Promise<void> {
    await waitUntil('it was answered', () => this.acknowledged > 0 || this.failure !== undefined);
  }
}

const namespace = (uid: string): NamespaceRecord => ({ uid, name: uid, labels: {}, protected: false });

const reportOf = (sequence: number, ...uids: string[]): ReadReport => ({
  sequence,
  listingBegins: false,
  listingComplete: false,
  objects: uids.map((uid) => ({ kind: 'namespace', record: namespace(uid) })),
  goneUids: [],
});

describe('the store of the inventory', () => {
  let stores: Stores;
  let inventory: Inventory;
  let term: LeaseTerm;
  let clusterKey: number;
  let run = 0;

  beforeAll(async () => {
    stores = await startStores();
  }, 60_000);
  afterAll(async () => {
    await stores.close();
  });
  beforeEach(async () => {
    run += 1;
    const cluster = { id: `c${run}`, name: `c${run}`, cloud: '', region: '' };
    clusterKey = (await addCluster(stores.db, cluster)).key;
    term = await takeLease(`replica-${run}`);
    const { db } = stores;
    inventory = new Inventory({ db, logger: silentLogger, nowS: () => 1_000_000 + run, maxObjects: 10 });
    await inventory.start();
    await inventory.lead(term);
  });

  const takeLease = async (holder: string): Promise<LeaseTerm> => {
    await sql`update leader_lease set expires_at = now() - interval '1 second'`.execute(stores.db);
    const taken = await acquireLease(stores.db, { holder, address: holder }, 600);
    if (taken === undefined) throw new Error('the lease is held by another');
    return taken;
  };
  const open = (): Session => {
    const session = new Session(clusterKey);
    inventory.open(session);
    return session;
  };
  const stored = async (): Promise<number> => (await listInventory(stores.db, clusterKey)).length;

  it('tells its directory and its listeners only what is durable', async () => {
    const seen: number[] = [];
    inventory.directory.onChange((change) => {
      expect(change).toEqual({ clusterKey, kinds: new Set(['namespace']) });
      seen.push(inventory.directory.namespaces(clusterKey).size);
    });
    const session = open();

    await inventory.enqueue(session, reportOf(1, 'a', 'b'));
    expect(inventory.directory.namespaces(clusterKey).size).toBe(0);
    await session.settled();
    const before = inventory.directory.namespaces(clusterKey);
    await inventory.enqueue(session, reportOf(2, 'a', 'b'));
    await waitUntil('the second report is acknowledged', () => session.acknowledged === 2);

    expect(seen).toEqual([2]);
    expect(inventory.directory.namespaces(clusterKey)).toBe(before);
    await inventory.stop();
  });

  it('holds at most so many objects of a cluster, whoever reports them how often', async () => {
    for (let attempt = 0; attempt < 3; attempt++) {
      const session = open();
      const uids = Array.from({ length: 8 }, (_, index) => `n${attempt}-${index}`);
      await inventory.enqueue(session, reportOf(1, ...uids));
      await session.settled();
      expect(session.failure?.code).toBe(attempt === 0 ? undefined : 'resource_exhausted');
    }
    expect(await stored()).toBe(8);
    await inventory.stop();
  });

  it('takes nothing from a leader of a past term', async () => {
    const session = open();
    await takeLease('another');

    await inventory.enqueue(session, reportOf(1, 'a'));
    await session.settled();

    expect(session.failure?.code).toBe('unavailable');
    expect(await stored()).toBe(0);
    expect(inventory.directory.namespaces(clusterKey).size).toBe(0);
    await inventory.stop();
  });

  it('reads what is stored after a write of which it does not know whether it was done', async () => {
    const lose = open();
    await sql`update leader_lease set holder = 'somebody'`.execute(stores.db);
    await inventory.enqueue(lose, reportOf(1, 'ghost'));
    await lose.settled();
    expect(lose.failure?.code).toBe('unavailable');
    const ghost = { uid: 'ghost', kind: 'namespace', namespace: '', name: 'ghost' } as const;
    const row = { ...ghost, reporterRole: 'operator', reporter: 'op', record: namespace('ghost') };
    const changes = { ended: [], begun: [row], refreshed: [] };
    await saveInventory(stores.db, { clusterKey, second: 1 }, changes);
    await sql`update leader_lease set holder = ${term.holder}`.execute(stores.db);

    const next = open();
    await inventory.enqueue(next, reportOf(1, 'ghost', 'other'));
    await next.settled();

    expect(next.failure).toBeUndefined();
    expect(await stored()).toBe(2);
    await inventory.stop();
  });

  it('ends its streams when it leads no more, and refuses new ones', async () => {
    const session = open();

    await inventory.follow('another replica leads');

    expect(session.failure?.code).toBe('unavailable');
    expect(() => open()).toThrow(expect.objectContaining({ code: 'unavailable' }));
    await inventory.stop();
  });

  it('goes on after a restart of PostgreSQL: the stream ends, the next one is stored', async () => {
    const first = open();
    const restarting = stores.restartPostgres();
    for (let sequence = 1; first.failure === undefined && sequence < 1000; sequence++) {
      await inventory.enqueue(first, reportOf(sequence, `during-${sequence % 5}`));
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await restarting;

    expect(first.failure?.code).toBe('unavailable');
    const durable = await stored();
    expect(inventory.directory.namespaces(clusterKey).size).toBe(durable);
    const second = open();
    await inventory.enqueue(second, reportOf(1, 'after'));
    await second.settled();
    expect(second.failure).toBeUndefined();
    expect(await stored()).toBe(durable + 1);
    await inventory.stop();
  }, 40_000);
});
