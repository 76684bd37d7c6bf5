import { query, createConnectClient } from '@kubehero/rpc';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startPlane, startStores, type Plane, type Stores } from '../../../support/stack.js';

describe('a replica that follows', () => {
  let stores: Stores;
  let leader: Plane;
  let follower: Plane;

  beforeAll(async () => {
    stores = await startStores();
    leader = await startPlane(stores);
    follower = await startPlane(stores, { cluster: 'other', follows: true });
  }, 60_000);

  afterAll(async () => {
    await follower.stop();
    await leader.stop();
    await stores.close();
  });

  const listTop = async (at: Plane): Promise<unknown> => {
    const client = createConnectClient({ server: at.plane.url, token: at.token }).client(query.LiveService);
    return await client.ListTop({ by: ['pod'], where: [], search: '', limit: 10, offset: 0 });
  };
  const watch = async (at: Plane, by: string): Promise<number> => {
    const abort = new AbortController();
    const headers = { authorization: `Bearer ${at.token}` };
    const response = await fetch(`${at.plane.url}/live?by=${by}`, { headers, signal: abort.signal });
    abort.abort();
    return response.status;
  };

  it('says that it knows no pods instead of an empty list', async () => {
    await expect(listTop(follower)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(listTop(leader)).resolves.toMatchObject({ totalRows: 0 });
  });

  it('streams what the leader tells it, sums by namespace, and nothing else', async () => {
    expect(await watch(follower, 'namespace')).toBe(200);
    expect(await watch(follower, 'workload')).toBe(503);
    expect(await watch(leader, 'workload')).toBe(200);
  });
});
