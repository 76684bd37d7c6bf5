import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  CertificateAuthority,
  enrolment,
  fixedTls,
  implement,
  RpcChannel,
  RpcServer,
  type CallContext,
  type TlsMaterial,
} from '@kubehero/rpc';
import { silentLogger } from '@kubehero/runtime';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { makeTestAuthority, type TestAuthority } from '../../../support/test-authority.js';

let ours: TestAuthority;
let theirs: TestAuthority;
let server: RpcServer;
let lastCall: CallContext | undefined;

beforeAll(async () => {
  ours = await makeTestAuthority();
  theirs = await makeTestAuthority();
  server = new RpcServer({
    listen: { host: '127.0.0.1', port: 0 },
    tls: fixedTls(ours.serverTls),
    services: [
      implement(enrolment.EnrolmentService, {
        Enrol: (_, context) => {
          lastCall = context;
          return Promise.resolve({ renewAtS: '9007199254740993' });
        },
      }),
    ],
    logger: silentLogger,
  });
  await server.start();
});

afterAll(() => server.stop());

async function call(tls: TlsMaterial, target = `127.0.0.1:${server.port}`): Promise<unknown> {
  const channel = new RpcChannel({ target, tls: fixedTls(tls), timeoutMs: 5_000 });
  try {
    return await channel.client(enrolment.EnrolmentService).Enrol({});
  } finally {
    channel.close();
  }
}

function handshake(options: ConnectionOptions): Promise<string> {
  return new Promise((resolve) => {
    const socket = connectTls({
      host: '127.0.0.1',
      port: server.port,
      ca: ours.serverTls.caBundlePem,
      ALPNProtocols: ['h2'],
      servername: 'localhost',
      ...options,
    });
    socket.on('error', (error) => {
      resolve(String((error as NodeJS.ErrnoException).code));
    });
    socket.on('close', () => {
      resolve('CLOSED');
    });
    // In TLS 1.3 the client's side of the handshake is done before the server has judged its certificate; the
    // server's first HTTP/2 frame shows that it was accepted.
    socket.on('data', () => {
      resolve(socket.getProtocol() ?? 'NONE');
      socket.destroy();
    });
  });
}

describe('mutual TLS', () => {
  it('gives the handler the identity in the certificate, exact 64-bit integers to the client', async () => {
    await expect(call(await ours.clusterTls('cluster-1'))).resolves.toMatchObject({
      renewAtS: '9007199254740993',
      certificateChainPem: '',
    });
    expect(lastCall?.caller).toMatchObject({
      kind: 'certificate',
      clusterId: 'cluster-1',
      role: 'cluster',
      name: '',
    });
  });

  it('tells the certificates of two clusters apart', async () => {
    await call(await ours.clusterTls('cluster-2'));
    expect(lastCall?.caller).toMatchObject({ clusterId: 'cluster-2' });
  });

  it('refuses a client of another authority', async () => {
    const foreign = await theirs.clusterTls('cluster-1');
    const tls = { ...foreign, caBundlePem: ours.serverTls.caBundlePem };
    await expect(call(tls)).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('makes the client refuse a server of another authority', async () => {
    const own = await ours.clusterTls('cluster-1');
    const tls = { ...own, caBundlePem: theirs.serverTls.caBundlePem };
    await expect(call(tls)).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('makes the client refuse a server whose certificate does not carry the dialled name', async () => {
    const tls = await ours.clusterTls('cluster-1');
    await expect(call(tls, `127.0.0.2:${server.port}`)).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('refuses a certificate that has ended', async () => {
    const past = new Date(Date.now() - 86_400_000);
    const { store, sealingKey } = ours;
    const yesterday = await CertificateAuthority.open({ store, sealingKey, now: () => past });
    const issued = await yesterday.issueCluster('cluster-1', 3_600_000);
    await expect(call(issued)).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('refuses a certificate that names no cluster, even of our own authority', async () => {
    // A server's certificate is not for clients (extended key usage).
    await expect(call(ours.serverTls)).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('refuses TLS 1.2', async () => {
    const tls = await ours.clusterTls('cluster-1');
    const identity = { cert: tls.certificateChainPem, key: tls.privateKeyPem };
    await expect(handshake({ ...identity, maxVersion: 'TLSv1.2' })).resolves.toMatch(
      /PROTOCOL_VERSION|CLOSED|RESET/,
    );
    await expect(handshake(identity)).resolves.toBe('TLSv1.3');
  });

  it('refuses a client without a certificate', async () => {
    await expect(handshake({})).resolves.toMatch(/CERTIFICATE_REQUIRED|CLOSED|RESET/);
  });
});
