import { describe, expect, it } from '@jest/globals';
import {
  enrolmentService,
  fixedTls,
  RpcChannel,
  RpcError,
  RpcServer,
  type Implementation,
  type TlsMaterial,
} from '@kubehero/rpc';
import { createLogger, readSettings, type Logger } from '@kubehero/runtime';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { simulateSettings, type SimulateSettings } from '../../../../services/cli/simulate/options.js';
import { simulate, type Simulation } from '../../../../services/cli/simulate/simulate.js';
import { runSimulate } from '../../../../services/cli/commands/simulate.js';
import { makeTestAuthority, type TestAuthority } from '../../../support/test-authority.js';
import { TelemetryHub } from '../../../support/telemetry-hub.js';

const logger: Logger = createLogger({ level: 'error' });
const START = '2026-03-01T10:59:50Z';

async function startServer(
  test: TestAuthority,
  services: readonly Implementation[],
  port = 0,
): Promise<RpcServer> {
  const server = new RpcServer({
    listen: { host: '127.0.0.1', port },
    tls: fixedTls(test.serverTls),
    services,
    logger,
  });
  await server.start();
  return server;
}

async function stopNow(server: RpcServer): Promise<void> {
  const cut = new AbortController();
  cut.abort();
  await server.stop(cut.signal);
}

function toSettings(flags: Readonly<Record<string, string | boolean>>): SimulateSettings {
  const base = { nodes: '7', podsPerNode: '5', seconds: '65', start: START, giveUpAfter: '10' };
  return readSettings(simulateSettings, { flags: { ...base, ...flags }, env: {} });
}

function run(
  port: () => number,
  tls: TlsMaterial,
  flags: Readonly<Record<string, string | boolean>> = {},
): Promise<Simulation> {
  return simulate(toSettings(flags), {
    logger,
    signal: new AbortController().signal,
    now: Date.now,
    access: {
      cluster: 'local',
      connect: () => Promise.resolve(new RpcChannel({ target: `127.0.0.1:${port()}`, tls: fixedTls(tls) })),
      close: () => Promise.resolve(),
    },
  });
}

describe('kubehero simulate', () => {
  it('delivers every node-second once and reports what it cost', async () => {
    const test = await makeTestAuthority();
    const hub = new TelemetryHub();
    const server = await startServer(test, [hub.service]);
    const { result, sent } = await run(() => server.port, await test.clusterTls('c1'), { nodePrice: '1' });
    await server.stop();
    expect(result).toEqual({
      cluster: 'local',
      from: '2026-03-01T10:59:50Z',
      to: '2026-03-01T11:00:55Z',
      nodes: 7,
      nodeSeconds: 455,
      podSeconds: 2275,
      // 1e12/3600 = 277777777.7…: the last 10 seconds of an hour cost 2777777778, the first 55 of one 15277777777.
      costPicodollars: 7 * (2_777_777_778 + 15_277_777_777),
      acknowledgedSeconds: 455,
    });
    expect(sent.reconnects).toBe(0);
    expect(hub.seconds.size).toBe(455);
    expect(hub.podSeconds).toBe(2275);
    expect(hub.violations).toEqual([]);
    expect([...hub.specs.values()][0]?.annotations).toEqual({ 'kubehero.io/price-per-hour': '1' });
  });

  it('sends the same bytes again with --repeat, --shuffle and --late', async () => {
    const test = await makeTestAuthority();
    const hub = new TelemetryHub();
    const server = await startServer(test, [hub.service]);
    const tls = await test.clusterTls('c1');
    await run(() => server.port, tls);
    const flags = { repeat: '2', shuffle: true, late: '0.2' };
    const { result } = await run(() => server.port, tls, flags);
    await server.stop();
    expect(result.acknowledgedSeconds).toBe(455);
    expect(hub.seconds.size).toBe(455);
    expect(hub.conflicts).toBe(0);
    expect(hub.violations).toEqual([]);
  });

  it('loses nothing when the server dies again and again and comes back', async () => {
    const test = await makeTestAuthority();
    let acknowledged = 0;
    let server: RpcServer | undefined;
    const hub = new TelemetryHub({
      beforeAcknowledge: async () => {
        acknowledged += 1;
        if (acknowledged % 3 !== 0) return;
        await stopNow(server as RpcServer);
        server = await startServer(test, [hub.service]);
        throw new RpcError('unavailable', 'gone');
      },
    });
    server = await startServer(test, [hub.service]);
    const { result, sent } = await run(() => (server as RpcServer).port, await test.clusterTls('c1'), {
      seconds: '100',
      nodes: '3',
    });
    await server.stop();
    expect(sent.reconnects).toBeGreaterThan(1);
    expect(result.acknowledgedSeconds).toBe(300);
    expect(hub.seconds.size).toBe(300);
    expect(hub.conflicts).toBe(0);
    expect(hub.violations).toEqual([]);
  });

  it('fails with what was not acknowledged when nothing is acknowledged in time', async () => {
    const test = await makeTestAuthority();
    const hub = new TelemetryHub({ beforeAcknowledge: () => new Promise(() => undefined) });
    const server = await startServer(test, [hub.service]);
    const failing = run(() => server.port, await test.clusterTls('c1'), { seconds: '5', giveUpAfter: '1' });
    await expect(failing).rejects.toMatchObject({
      code: 'NOT_ACKNOWLEDGED',
      message: expect.stringContaining(
        '35 node-seconds of 7 nodes from 2026-03-01T10:59:50Z to 2026-03-01T10:59:54Z were not acknowledged within 1 s',
      ) as unknown,
    });
    await stopNow(server);
  });

  it('does not count what the control plane refused, and tells the reason', async () => {
    const test = await makeTestAuthority();
    const hub = new TelemetryHub({
      reject: (part) => (part.node === 2 ? 'REJECTION_REASON_TOO_OLD' : undefined),
    });
    const server = await startServer(test, [hub.service]);
    const { result, sent } = await run(() => server.port, await test.clusterTls('c1'));
    await server.stop();
    expect(result.acknowledgedSeconds).toBe(390);
    expect([...sent.rejected.keys()]).toEqual(['REJECTION_REASON_TOO_OLD']);
  });

  it('enrols with the certificate of the client file and prints its JSON', async () => {
    const test = await makeTestAuthority();
    const hub = new TelemetryHub();
    const enrolment = enrolmentService({ authority: test.authority, isAllowed: () => Promise.resolve(true) });
    const server = await startServer(test, [hub.service, enrolment]);
    const folder = await mkdtemp(join(tmpdir(), 'kubehero-simulate-'));
    const path = (name: string): string => join(folder, name);
    const tls = await test.clusterTls('c1');
    await writeFile(path('ca.pem'), tls.caBundlePem);
    await writeFile(path('cert.pem'), tls.certificateChainPem);
    await writeFile(path('key.pem'), tls.privateKeyPem);
    const file = {
      server: 'http://127.0.0.1:1',
      token: 'x',
      grpc: `127.0.0.1:${server.port}`,
      caFile: path('ca.pem'),
      clusterCertFile: path('cert.pem'),
      clusterKeyFile: path('key.pem'),
    };
    await writeFile(path('client.json'), JSON.stringify(file));
    let printed = '';
    const flags = { nodes: '2', podsPerNode: '3', seconds: '4', client: path('client.json') };
    const code = await runSimulate(flags, {
      env: {},
      stdout: { write: (text: string) => void (printed += text) },
      logger,
      signal: new AbortController().signal,
    });
    await server.stop();
    await rm(folder, { recursive: true });
    expect(code).toBe(0);
    expect(JSON.parse(printed)).toMatchObject({ cluster: 'local', nodeSeconds: 8, acknowledgedSeconds: 8 });
    expect(hub.violations).toEqual([]);
  });

  it('writes integers above 2^53 as strings, and serves nodes without pods', async () => {
    const test = await makeTestAuthority();
    const hub = new TelemetryHub();
    const server = await startServer(test, [hub.service]);
    const flags = { nodes: '36', podsPerNode: '0', seconds: '10', nodePrice: '999999999' };
    const { result } = await run(() => server.port, await test.clusterTls('c1'), flags);
    await server.stop();
    // 36 nodes for the last 10 seconds of an hour are a tenth of what one node costs in an hour.
    expect(result).toMatchObject({
      costPicodollars: '99999999900000000000',
      podSeconds: 0,
      nodeSeconds: 360,
    });
    expect(hub.seconds.size).toBe(360);
    expect(hub.violations).toEqual([]);
  });

  it('tells all faults of its flags at once', async () => {
    const context = {
      env: {},
      stdout: { write: () => undefined },
      logger,
      signal: new AbortController().signal,
    };
    const failing = runSimulate({ nodes: '0', podsPerNode: 'x', late: '2', start: 'now' }, context);
    await expect(failing).rejects.toMatchObject({ code: 'INVALID_SETTINGS', exitCode: 2 });
    await failing.catch((error: unknown) => {
      const { faults } = error as { faults: { source: string }[] };
      expect(faults.map((fault) => fault.source)).toEqual([
        '--nodes',
        '--pods-per-node',
        '--seconds',
        '--start',
        '--late',
      ]);
    });
  });

  it('waits for each second to pass with --realtime', async () => {
    const test = await makeTestAuthority();
    const hub = new TelemetryHub();
    const server = await startServer(test, [hub.service]);
    const start = new Date(Math.floor(Date.now() / 1000) * 1000).toISOString();
    const before = Date.now();
    const { result } = await run(() => server.port, await test.clusterTls('c1'), {
      realtime: true,
      seconds: '2',
      start,
    });
    await server.stop();
    expect(result.acknowledgedSeconds).toBe(14);
    expect(Date.now() - before).toBeGreaterThan(900);
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(start) + 2000);
  });
});
