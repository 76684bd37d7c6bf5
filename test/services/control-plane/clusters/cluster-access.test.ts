import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  admin,
  createConnectClient,
  enrolment,
  EnrolledIdentity,
  fixedTls,
  inventory,
  makeCertificateRequest,
  RpcChannel,
  telemetry,
  type TlsMaterial,
  type TlsSource,
  type UnaryOf,
} from '@kubehero/rpc';
import { sql } from '@kubehero/store-postgres';
import { startPlane, startStores, type Plane, type Stores } from '../../../support/stack.js';
import { waitUntil } from '../../../support/wait-until.js';

/** A refusal must have ended every open stream within this time. */
const secondsMs = 8000;

type Issued = admin.AddClusterResponse | admin.RotateClusterResponse;

const clusterService = ({ plane, token }: Plane): UnaryOf<admin.ClusterServiceShape> =>
  createConnectClient({ server: plane.url, token }).client(admin.ClusterService);

const toTls = (issued: Issued): TlsMaterial => ({
  certificateChainPem: issued.certificatePem,
  privateKeyPem: issued.privateKeyPem,
  caBundlePem: issued.caBundlePem,
});

/** How a stream ended: its code, undefined while it is open. */
interface Watched {
  ended?: unknown;
}

describe('the access of a cluster', () => {
  let stores: Stores;
  let plane: Plane;
  let clusters: UnaryOf<admin.ClusterServiceShape>;
  let name: string;
  let added: admin.AddClusterResponse;
  let run = 0;
  const closing: (() => void | Promise<void>)[] = [];

  beforeAll(async () => {
    stores = await startStores();
    plane = await startPlane(stores);
    clusters = clusterService(plane);
  }, 60_000);
  afterAll(async () => {
    for (const close of closing) await close();
    await plane.stop();
    await stores.close();
  });
  beforeEach(async () => {
    name = `edge-${++run}`;
    added = await clusters.AddCluster({ name, cloud: 'aws', region: 'r1', labels: { env: 'prod' } });
  });

  const target = (): string => `127.0.0.1:${plane.plane.grpcPort}`;
  const channelOf = (tls: TlsSource): RpcChannel => {
    const channel = new RpcChannel({ target: target(), tls });
    closing.push(() => {
      channel.close();
    });
    return channel;
  };
  const enrol = async (tls: TlsMaterial): Promise<enrolment.EnrolResponse> => {
    const { csr } = makeCertificateRequest();
    return await channelOf(fixedTls(tls))
      .client(enrolment.EnrolmentService)
      .Enrol({ csr, role: 'collector', name: 'n1' });
  };
  /** A collector's identity that was enrolled with a cluster's certificate. */
  const enrolled = async (clusterTls: TlsSource): Promise<EnrolledIdentity> => {
    const identity = new EnrolledIdentity({
      target: target(),
      clusterTls,
      role: 'collector',
      name: 'n1',
      lookMs: 100,
    });
    await identity.start(AbortSignal.timeout(10_000));
    closing.push(() => identity.stop());
    return identity;
  };
  const watch = (responses: AsyncIterable<unknown>): Watched => {
    const watched: Watched = {};
    void (async () => {
      try {
        for await (const response of responses) void response;
        watched.ended = 'ok';
      } catch (error) {
        watched.ended = (error as { code?: unknown }).code;
      }
    })();
    return watched;
  };
  /** One open stream of each kind. */
  const openStreams = async (tls: TlsSource): Promise<readonly Watched[]> => {
    const channel = channelOf(tls);
    const seconds = channel.client(telemetry.TelemetryService).Report();
    await seconds.send({ hello: { emitter: 'test', nodes: [{ nodeUid: 'n1', incarnation: 1 }] } });
    const reports = channel.client(inventory.InventoryService).Report();
    await reports.send({ sequence: 1, nodes: [{ uid: 'n1', name: 'n1' }] });
    const topology = channel.client(inventory.InventoryService).WatchTopology({ nodeUid: 'n1' });
    const streams = [seconds.responses, reports.responses, topology].map(watch);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(streams.map(({ ended }) => ended)).toEqual([undefined, undefined, undefined]);
    return streams;
  };
  const allEnded = async (streams: readonly Watched[], code: string): Promise<number> => {
    const startedAt = performance.now();
    await waitUntil(
      'every stream has ended',
      () => streams.every(({ ended }) => ended !== undefined),
      secondsMs,
    );
    expect(streams.map(({ ended }) => ended)).toEqual(streams.map(() => code));
    return performance.now() - startedAt;
  };

  it('is listed with labels, registration and the end of its certificate, and measured', async () => {
    const { clusters: all } = await clusters.ListClusters({});

    const listed = all.find(({ clusterId }) => clusterId === added.clusterId);
    expect(listed).toMatchObject({ name, cloud: 'aws', region: 'r1', labels: { env: 'prod' } });
    expect(Math.abs(Date.parse(listed?.registeredAt ?? '') - Date.now())).toBeLessThan(60_000);
    const days = (Date.parse(listed?.certificateExpiresAt ?? '') - Date.now()) / 86_400_000;
    expect(Math.round(days)).toBe(365);
    const metrics = await (await fetch(`${plane.plane.url}/metrics`)).text();
    const expiry = Math.floor(Date.parse(listed?.certificateExpiresAt ?? '') / 1000);
    expect(metrics).toContain(
      `kubehero_cluster_certificate_expiry_timestamp_seconds{cluster="${name}"} ${expiry}`,
    );
  });

  it.each([{ 'bad key!': 'a' }, { env: 'no spaces' }, { '/x': 'a' }])('has no label %p', async (labels) => {
    await expect(clusters.AddCluster({ name: `${name}-x`, labels })).rejects.toMatchObject({
      code: 'invalid_argument',
    });
  });

  it('ends when the cluster is removed: open streams within seconds, new calls at once', async () => {
    const identity = await enrolled(fixedTls(toTls(added)));
    const streams = await openStreams(identity);

    await clusters.RemoveCluster({ cluster: name });

    const tookMs = await allEnded(streams, 'permission_denied');
    process.stderr.write(`streams of a removed cluster ended after ${tookMs.toFixed(0)} ms\n`);
    await expect(enrol(toTls(added))).rejects.toMatchObject({ code: 'permission_denied' });
    const { clusters: all } = await clusters.ListClusters({});
    expect(all.map(({ clusterId }) => clusterId)).not.toContain(added.clusterId);
  });

  it('ends when another replica removed the cluster', async () => {
    const streams = await openStreams(await enrolled(fixedTls(toTls(added))));

    await sql`update cluster set removed_at = now() where id = ${added.clusterId}`.execute(stores.db);

    await allEnded(streams, 'permission_denied');
  });

  it('outlives a rotation by the time of grace, and not longer', async () => {
    const streams = await openStreams(await enrolled(fixedTls(toTls(added))));
    const rotated = await clusters.RotateCluster({ cluster: name, graceS: 4 });
    const rotatedAt = performance.now();

    await enrol(toTls(added));
    await enrol(toTls(rotated));
    expect(streams.map(({ ended }) => ended)).toEqual([undefined, undefined, undefined]);
    await allEnded(streams, 'unauthenticated');

    expect(performance.now() - rotatedAt).toBeGreaterThanOrEqual(3900);
    await expect(enrol(toTls(added))).rejects.toMatchObject({ code: 'unauthenticated' });
    await enrol(toTls(rotated));
  }, 30_000);

  it('ends at once by a rotation without grace', async () => {
    const streams = await openStreams(await enrolled(fixedTls(toTls(added))));

    await clusters.RotateCluster({ cluster: added.clusterId });

    await allEnded(streams, 'unauthenticated');
  });

  it('of a program that is given the new certificate in time is not interrupted', async () => {
    let current = toTls(added);
    const source: TlsSource = { ...fixedTls(current), current: () => current };
    const identity = await enrolled(source);
    const before = identity.current().certificateChainPem;

    current = toTls(await clusters.RotateCluster({ cluster: name, graceS: 3 }));

    await waitUntil('it enrolled again', () => identity.current().certificateChainPem !== before);
    await new Promise((resolve) => setTimeout(resolve, 6000));
    await openStreams(identity);
  }, 30_000);

  it('notes every certificate with its end', async () => {
    await clusters.RotateCluster({ cluster: name, graceS: 3600 });

    const { rows } = await sql<{ ends: boolean; later: boolean }>`
      select revoked_at is not null as ends, coalesce(revoked_at > now(), true) as later
      from cluster_certificate join cluster on key = cluster_key where id = ${added.clusterId}
      order by cluster_certificate.created_at`.execute(stores.db);
    expect(rows).toEqual([
      { ends: true, later: true },
      { ends: false, later: true },
    ]);
  });

  it('cannot be given twice under one name', async () => {
    await expect(clusters.AddCluster({ name })).rejects.toMatchObject({ code: 'already_exists' });
    await expect(clusters.RotateCluster({ cluster: 'nobody' })).rejects.toMatchObject({ code: 'not_found' });
  });
});
