import { publicApiPaths } from '@kubehero/contract';
import * as rpc from '@kubehero/rpc';
import {
  admin,
  budget,
  createConnectClient,
  enrolment,
  fixedTls,
  makeCertificateRequest,
  pricing,
  query,
  RpcChannel,
  type TlsMaterial,
} from '@kubehero/rpc';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startPlane, startStores, type Plane, type Stores } from '../../../support/stack.js';

/** Every service that answers people, by one of its methods. */
const READS: readonly (readonly [name: string, call: (channel: RpcChannel) => Promise<unknown>])[] = [
  ['costs', (channel) => channel.client(query.CostService).ListNodes({ cluster: '' })],
  [
    'the most expensive pods',
    (channel) =>
      channel.client(query.LiveService).ListTop({ by: ['pod'], where: [], search: '', limit: 1, offset: 0 }),
  ],
  ['policies', (channel) => channel.client(budget.PolicyService).ListPolicies({})],
  ['prices', (channel) => channel.client(pricing.PricingService).GetCatalogue({})],
];

interface Service {
  readonly typeName: string;
  readonly methods: Readonly<Record<string, unknown>>;
}

function isArea(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isService(value: unknown): value is Service {
  return isArea(value) && typeof value['typeName'] === 'string' && isArea(value['methods']);
}

describe('services for people on the port of the clusters', () => {
  let stores: Stores;
  let plane: Plane;
  /** Certificates of one cluster, by who holds them. */
  const holders: Record<string, TlsMaterial> = {};
  const channels: RpcChannel[] = [];

  beforeAll(async () => {
    stores = await startStores();
    plane = await startPlane(stores);
    const clusters = createConnectClient({ server: plane.plane.url, token: plane.token }).client(
      admin.ClusterService,
    );
    const added = await clusters.AddCluster({ name: 'edge', cloud: '', region: '', labels: {} });
    const cluster = {
      certificateChainPem: added.certificatePem,
      privateKeyPem: added.privateKeyPem,
      caBundlePem: added.caBundlePem,
    };
    holders['cluster'] = cluster;
    for (const role of ['collector', 'operator']) {
      const { csr, privateKeyPem } = makeCertificateRequest();
      const enrolled = await open(cluster)
        .client(enrolment.EnrolmentService)
        .Enrol({ csr, role, name: 'n1' });
      holders[role] = {
        certificateChainPem: enrolled.certificateChainPem,
        privateKeyPem,
        caBundlePem: enrolled.caBundlePem,
      };
    }
  }, 60_000);

  afterAll(async () => {
    for (const channel of channels) channel.close();
    await plane.stop();
    await stores.close();
  });

  function open(tls: TlsMaterial | undefined, token?: string): RpcChannel {
    if (tls === undefined) throw new Error('there is no such certificate');
    const target = `127.0.0.1:${plane.plane.grpcPort}`;
    const channel = new RpcChannel({ target, tls: fixedTls(tls), token });
    channels.push(channel);
    return channel;
  }

  it('are the paths that the manifests publish, all of which ask for a token', async () => {
    const services = Object.values(rpc).flatMap((area): unknown[] =>
      isArea(area) ? Object.values(area) : [],
    );
    const asking: string[] = [];
    for (const { typeName, methods } of services.filter(isService)) {
      const url = `${plane.plane.url}/${typeName}/${Object.keys(methods)[0] ?? ''}`;
      const { status } = await fetch(url, { method: 'POST', body: '{}' });
      if (status !== 404) asking.push(`/${typeName} ${String(status)}`);
    }
    const live = await fetch(`${plane.plane.url}/live`);
    asking.push(`/live ${String(live.status)}`);
    expect(asking.sort()).toEqual(publicApiPaths.map((path) => `${path} 401`).sort());
  });

  describe.each(['cluster', 'collector', 'operator'])('with the certificate of a %s', (holder) => {
    it.each(READS)('do not tell %s', async (_, call) => {
      await expect(call(open(holders[holder]))).rejects.toMatchObject({ code: 'permission_denied' });
    });

    it.each(READS)('do not tell %s to who has a wrong token', async (_, call) => {
      await expect(call(open(holders[holder], 'guessed'))).rejects.toMatchObject({
        code: 'permission_denied',
      });
    });

    it.each(READS)('tell %s to who has the API token too', async (_, call) => {
      await expect(call(open(holders[holder], plane.token))).resolves.toBeDefined();
    });

    it('let nobody arm or disarm a policy', async () => {
      const policies = open(holders[holder]).client(budget.PolicyService);
      const disarm = policies.SetArmed({ cluster: 'test', policy: 'any', armed: false, by: 'x' });
      await expect(disarm).rejects.toMatchObject({ code: 'permission_denied' });
    });
  });
});
