import { afterEach, describe, expect, it } from '@jest/globals';
import {
  CertificateAuthority,
  EnrolledIdentity,
  enrolmentService,
  fixedTls,
  makeCertificateRequest,
  MutableTls,
  parseSpiffeId,
  RpcChannel,
  RpcServer,
  telemetry,
  toSpiffeId,
  type Implementation,
} from '@kubehero/rpc';
import { silentLogger, sleep } from '@kubehero/runtime';
import fc from 'fast-check';
import { randomBytes, X509Certificate } from 'node:crypto';
import { acknowledgeAll, streamService } from '../../../support/echo-service.js';
import { makeTestAuthority, type TestAuthority } from '../../../support/test-authority.js';

const cluster = { clusterId: 'c1', role: 'cluster', name: '' } as const;
const cleanUps: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function serve(test: TestAuthority, ...services: Implementation[]): Promise<string> {
  const server = new RpcServer({
    listen: { host: '127.0.0.1', port: 0 },
    tls: fixedTls(test.serverTls),
    services,
    logger: silentLogger,
  });
  await server.start();
  cleanUps.push(() => server.stop());
  return `127.0.0.1:${server.port}`;
}

const allowAll = (): Promise<boolean> => Promise.resolve(true);

describe('certificate authority', () => {
  it('opens again with its key, and not with another one', async () => {
    const { store, sealingKey, authority } = await makeTestAuthority();
    const again = await CertificateAuthority.open({ store, sealingKey });
    expect(again.caBundlePem).toBe(authority.caBundlePem);
    const wrong = CertificateAuthority.open({ store, sealingKey: randomBytes(32) });
    await expect(wrong).rejects.toMatchObject({ code: 'WRONG_SEALING_KEY' });
    const short = CertificateAuthority.open({ store, sealingKey: randomBytes(31) });
    await expect(short).rejects.toMatchObject({ code: 'BAD_SEALING_KEY' });
  });

  it('keeps its private key sealed, and notices a changed bit', async () => {
    const { store, sealingKey } = await makeTestAuthority();
    const stored = store.stored;
    if (stored === undefined) throw new Error('nothing was stored');
    const sealed = Buffer.from(stored.sealedPrivateKey);
    sealed[20] = (sealed[20] ?? 0) ^ 1;
    store.stored = { ...stored, sealedPrivateKey: sealed };
    await expect(CertificateAuthority.open({ store, sealingKey })).rejects.toMatchObject({
      code: 'WRONG_SEALING_KEY',
    });
    expect(Buffer.from(stored.sealedPrivateKey).includes('PRIVATE')).toBe(false);
  });

  it('uses the authority that another process stored first', async () => {
    const { store, sealingKey, authority } = await makeTestAuthority();
    const racing = { load: () => Promise.resolve(undefined), save: store.save.bind(store) };
    const second = await CertificateAuthority.open({ store: racing, sealingKey });
    expect(second.caBundlePem).toBe(authority.caBundlePem);
  });

  it('issues certificates that are valid a little before, end on time and are for one use', async () => {
    const { authority } = await makeTestAuthority();
    const issued = await authority.issueServer(['hub.example', '::1'], 3_600_000);
    const certificate = new X509Certificate(issued.certificateChainPem);
    expect(certificate.subjectAltName).toBe('DNS:hub.example, IP Address:0:0:0:0:0:0:0:1');
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(certificate.ca).toBe(false);
    expect(new Date(certificate.validTo)).toEqual(issued.expiresAt);
    expect(new Date(certificate.validFrom).getTime()).toBeLessThan(Date.now());
    expect(certificate.serialNumber).toBe(issued.serialNumber);
    expect(certificate.verify(new X509Certificate(authority.caBundlePem).publicKey)).toBe(true);
  });

  it('writes who a collector is into its URI SAN, whatever the request says', async () => {
    const { authority } = await makeTestAuthority();
    const { csr } = makeCertificateRequest();
    const issued = await authority.enrol(cluster, { csr, role: 'collector', name: 'node-1' });
    const certificate = new X509Certificate(issued.certificateChainPem);
    expect(certificate.subjectAltName).toBe('URI:spiffe://kubehero/cluster/c1/collector/node-1');
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(issued.renewAt.getTime() - Date.now()).toBeCloseTo(16 * 3_600_000, -4);
  });

  it.each([
    ['another collector', { role: 'collector', name: 'node-2' }, 'NOT_ALLOWED'],
    ['another role', { role: 'operator', name: 'node-1' }, 'NOT_ALLOWED'],
    ['the cluster itself', { role: 'cluster', name: '' }, 'BAD_IDENTITY'],
    ['a path for a name', { role: 'collector', name: 'a/../b' }, 'BAD_IDENTITY'],
    ['no name', { role: 'collector', name: '' }, 'BAD_IDENTITY'],
  ])("refuses a collector's certificate that asks for %s", async (_, request, code) => {
    const { authority } = await makeTestAuthority();
    const { csr } = makeCertificateRequest();
    const caller = { clusterId: 'c1', role: 'collector', name: 'node-1' } as const;
    await expect(authority.enrol(caller, { csr, ...request })).rejects.toMatchObject({ code });
    const itself = authority.enrol(caller, { csr, role: 'collector', name: 'node-1' });
    await expect(itself).resolves.toBeDefined();
  });

  it('refuses a request that is not signed by its own key', async () => {
    const { authority } = await makeTestAuthority();
    const { csr } = makeCertificateRequest();
    const changed = Uint8Array.from(csr);
    changed[40] = (changed[40] ?? 0) ^ 1;
    for (const bad of [changed, new Uint8Array(0), randomBytes(100), csr.subarray(0, 50)]) {
      const refused = authority.enrol(cluster, { csr: bad, role: 'collector', name: 'n' });
      await expect(refused).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    }
  });

  it('reads back every identity that it writes, and nothing else', () => {
    const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._:@-]{0,60}$/);
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z0-9-]{1,30}$/).filter((id) => !id.startsWith('-')),
        name,
        (clusterId, own) => {
          const identity = { clusterId, role: 'collector', name: own } as const;
          expect(parseSpiffeId(toSpiffeId(identity))).toEqual(identity);
        },
      ),
    );
    for (const bad of [
      '',
      'spiffe://kubehero/cluster/',
      'spiffe://other/cluster/c1',
      'spiffe://kubehero/cluster/c1/collector',
      'spiffe://kubehero/cluster/c1/admin/x',
      'spiffe://kubehero/cluster/c1/collector/x/y',
      'spiffe://kubehero/cluster/c1/cluster/x',
    ]) {
      expect(parseSpiffeId(bad)).toBeUndefined();
    }
  });
});

describe('enrolled identity', () => {
  it('enrols with the cluster, then renews with its own certificate under a new key', async () => {
    const test = await makeTestAuthority();
    const callers: string[] = [];
    const isAllowed = (peer: { role: string }): Promise<boolean> => {
      callers.push(peer.role);
      return Promise.resolve(true);
    };
    const target = await serve(test, enrolmentService({ authority: test.authority, isAllowed }));
    const clusterTls = fixedTls(await test.clusterTls('c1'));
    const identity = new EnrolledIdentity({ target, clusterTls, role: 'collector', name: 'n1' });
    await identity.start(new AbortController().signal);
    const first = identity.current();
    await identity.renew();
    await identity.stop();
    expect(callers).toEqual(['cluster', 'collector']);
    expect(identity.current().privateKeyPem).not.toBe(first.privateKeyPem);
    expect(identity.expiresAtMs).toBeGreaterThan(Date.now() + 23 * 3_600_000);
  });

  it('renews by itself while a stream stays open, and new calls use the new certificate', async () => {
    const test = await makeTestAuthority();
    const serials: string[] = [];
    const stream = streamService(async (calls, context) => {
      serials.push(context.caller.kind === 'certificate' ? context.caller.serialNumber : '');
      await acknowledgeAll(calls, context);
    });
    const options = { authority: test.authority, isAllowed: allowAll, lifetimeMs: 9_000 };
    const target = await serve(test, stream, enrolmentService(options));
    const clusterTls = fixedTls(await test.clusterTls('c1'));
    const identity = new EnrolledIdentity({ target, clusterTls, role: 'collector', name: 'n1' });
    await identity.start(new AbortController().signal);
    cleanUps.push(() => identity.stop());
    let renewals = 0;
    const renewed = new Promise<void>((resolve) => {
      identity.onChange(() => {
        renewals += 1;
        resolve();
      });
    });
    const channel = new RpcChannel({ target, tls: identity });
    cleanUps.push(() => {
      channel.close();
    });
    const open = channel.client(telemetry.TelemetryService).Report();
    const answers = open.responses[Symbol.asyncIterator]();
    await open.send({ batch: { sequence: 1 } });
    await answers.next();
    await renewed;
    await open.send({ batch: { sequence: 2 } });
    const second = await answers.next();
    const other = channel.client(telemetry.TelemetryService).Report();
    await other.send({ batch: { sequence: 1 } });
    await other.responses[Symbol.asyncIterator]().next();
    open.cancel();
    other.cancel();
    expect(renewals).toBe(1);
    expect(second.value).toMatchObject({ acknowledgement: { throughSequence: '2' } });
    expect(new Set(serials).size).toBe(2);
  });

  it('keeps trying until the hub is there, and stops when asked to', async () => {
    const test = await makeTestAuthority();
    const clusterTls = fixedTls(await test.clusterTls('c1'));
    const failures: unknown[] = [];
    const identity = new EnrolledIdentity({
      target: '127.0.0.1:1',
      clusterTls,
      role: 'collector',
      name: 'n1',
      onFailure: (error) => failures.push(error),
    });
    const stop = new AbortController();
    const starting = identity.start(stop.signal);
    await sleep(700);
    stop.abort(new Error('stopped'));
    await expect(starting).rejects.toThrow('stopped');
    expect(failures.length).toBeGreaterThan(0);
  });

  it('refuses a cluster that was removed', async () => {
    const test = await makeTestAuthority();
    const isAllowed = (): Promise<boolean> => Promise.resolve(false);
    const target = await serve(test, enrolmentService({ authority: test.authority, isAllowed }));
    const failure = new Promise((resolve) => {
      const clusterTls = fixedTlsOf(test);
      void clusterTls.then(async (tls) => {
        const stop = new AbortController();
        const identity = new EnrolledIdentity({
          target,
          clusterTls: tls,
          role: 'operator',
          name: 'op',
          onFailure: (error) => {
            stop.abort();
            resolve(error);
          },
        });
        await identity.start(stop.signal).catch(() => undefined);
      });
    });
    await expect(failure).resolves.toMatchObject({ code: 'permission_denied' });
  });
});

async function fixedTlsOf(test: TestAuthority): Promise<ReturnType<typeof fixedTls>> {
  return fixedTls(await test.clusterTls('c1'));
}

describe('certificates that end or change', () => {
  it('ends a stream when the certificate that opened it ends', async () => {
    const test = await makeTestAuthority();
    const target = await serve(test, streamService(acknowledgeAll));
    const channel = new RpcChannel({ target, tls: fixedTls(await test.clusterTls('c1', 5_000)) });
    const stream = channel.client(telemetry.TelemetryService).Report();
    await stream.send({ batch: { sequence: 1 } });
    const read = async (): Promise<void> => {
      for await (const _ of stream.responses);
    };
    await expect(read()).rejects.toMatchObject({ code: 'unauthenticated' });
    channel.close();
  });

  it('serves a renewed server certificate to new connections', async () => {
    const test = await makeTestAuthority();
    const tls = new MutableTls(test.serverTls);
    const server = new RpcServer({
      listen: { host: '127.0.0.1', port: 0 },
      tls,
      services: [streamService(acknowledgeAll)],
      logger: silentLogger,
    });
    await server.start();
    cleanUps.push(() => server.stop());
    const other = await makeTestAuthority();
    const client = await other.clusterTls('c1');
    tls.set({ ...other.serverTls });
    const channel = new RpcChannel({ target: `127.0.0.1:${server.port}`, tls: fixedTls(client) });
    const stream = channel.client(telemetry.TelemetryService).Report();
    await stream.send({ batch: { sequence: 5 } });
    const answer = await stream.responses[Symbol.asyncIterator]().next();
    stream.cancel();
    channel.close();
    expect(answer.value).toMatchObject({ acknowledgement: { throughSequence: '5' } });
  });
});
