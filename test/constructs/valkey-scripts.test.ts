import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { connectValkey } from '@kubehero/store-valkey';
import { Testing } from 'cdk8s';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { X509Certificate } from 'node:crypto';
import type { ManifestObject } from '../support/cluster/apply.js';
import { findFreePort } from '../support/free-port.js';
import { podTemplatesOf } from '../support/manifests/examples.js';
import { makeHub } from '../support/manifests/hub.js';
import { describeWith, valkeyServer } from '../support/requirements.js';
import { makeTestAuthority, type TestAuthority } from '../support/test-authority.js';
import { killGroup, writeValkeyNames } from '../support/valkey-scripts.js';
import { waitUntil } from '../support/wait-until.js';

const password = 'a-password-of-tests';

describeWith([valkeyServer], 'the scripts of an encrypted Valkey', () => {
  const dir = mkdtempSync(join(tmpdir(), 'kubehero-valkey-scripts-'));
  const children: ChildProcess[] = [];
  let tls: TestAuthority;
  let ports: { server: number; sentinel: number };
  const app = makeHub({ valkey: { tls: {} } }).app;
  const objects = app.charts.flatMap((chart) => Testing.synth(chart) as ManifestObject[]);
  const env = { PATH: `${dir}:${process.env['PATH'] ?? ''}` };

  /** A text of a manifest, with this machine's address, ports and folders in the place of the cluster's. */
  function here(text: string, data: string): string {
    return text
      .replaceAll(/[$A-Za-z0-9_.-]+\.kubehero-valkey(-sentinel)?\.valkey\.svc\.cluster\.local/g, '127.0.0.1')
      .replaceAll(/\*\.kubehero-valkey\.valkey\.svc\.cluster\.local/g, '127.0.0.1')
      .replaceAll('26379', String(ports.sentinel))
      .replaceAll('6379', String(ports.server))
      .replaceAll('/etc/kubehero', dir)
      .replaceAll('/data', join(dir, data))
      .replaceAll('sleep 60', 'sleep 1');
  }

  function script(name: string, data: string): string {
    const config = objects.find((o) => o.kind === 'ConfigMap' && o.metadata.name === name);
    return here((config as unknown as { data: Record<string, string> }).data['start.sh'] ?? '', data);
  }

  function start(name: string): ChildProcess {
    mkdirSync(join(dir, name), { recursive: true });
    const file = join(dir, `${name}.sh`);
    writeFileSync(file, script(name, name));
    // A group of its own: the watcher ends with its server, as in a container
    const child = spawn('/bin/sh', [file], {
      env: { ...env, POD_NAME: `${name}-0` },
      stdio: 'ignore',
      detached: true,
    });
    children.push(child);
    return child;
  }

  async function writeCertificate(): Promise<void> {
    const { privateKeyPem, certificateChainPem } = await tls.authority.issueServer(['127.0.0.1']);
    mkdirSync(join(dir, 'tls'), { recursive: true });
    writeFileSync(join(dir, 'tls/tls.key'), privateKeyPem);
    writeFileSync(join(dir, 'tls/ca.crt'), tls.authority.caBundlePem);
    writeFileSync(join(dir, 'tls/tls.crt'), certificateChainPem);
  }

  /** Serial number of the certificate that a port shows; undefined where nobody answers by TLS. */
  function serialAt(port: number): Promise<string | undefined> {
    return new Promise((resolve) => {
      const socket = connect({ host: '127.0.0.1', port, ca: tls.authority.caBundlePem }, () => {
        resolve(socket.getPeerX509Certificate()?.serialNumber);
        socket.destroy();
      });
      socket.once('error', () => {
        resolve(undefined);
      });
    });
  }

  const probe = (owner: string): number | null => {
    const pod = podTemplatesOf(objects).find((t) => t.owner === owner);
    const [container] = pod?.spec['containers'] as { readinessProbe: { exec: { command: string[] } } }[];
    const [, ...args] = container?.readinessProbe.exec.command.map((part) => here(part, '')) ?? [];
    return spawnSync('/bin/sh', args, { env, timeout: 10_000 }).status;
  };

  beforeAll(async () => {
    ports = { server: await findFreePort(), sentinel: await findFreePort() };
    tls = await makeTestAuthority();
    await writeCertificate();
    writeValkeyNames(dir);
    mkdirSync(join(dir, 'valkey'));
    writeFileSync(join(dir, 'valkey/password'), password);
    start('kubehero-valkey');
    await waitUntil('the server answers by TLS', async () => (await serialAt(ports.server)) !== undefined);
    start('kubehero-valkey-sentinel');
    await waitUntil(
      'the sentinel answers by TLS',
      async () => (await serialAt(ports.sentinel)) !== undefined,
    );
  }, 60_000);

  afterAll(async () => {
    for (const child of children) {
      const isRunning = child.exitCode === null && child.signalCode === null;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      killGroup(child);
      if (isRunning) await gone;
    }
    rmSync(dir, { recursive: true, force: true });
  });

  it('pass their readiness probes', () => {
    expect(probe('StatefulSet/kubehero-valkey')).toBe(0);
    expect(probe('StatefulSet/kubehero-valkey-sentinel')).toBe(0);
  });

  it('serve the program by the settings that its manifest gives it: sentinels, password, authority', async () => {
    const bus = connectValkey({
      sentinels: [{ host: '127.0.0.1', port: ports.sentinel }],
      primaryName: 'kubehero',
      password,
      tls: { caPem: tls.authority.caBundlePem },
      onFault: () => undefined,
    });
    try {
      await waitUntil('the bus is connected', () => bus.health().connected);
      expect(bus.health().primary).toBe(`127.0.0.1:${ports.server}`);
    } finally {
      await bus.close();
    }
  }, 30_000);

  it('show a renewed certificate: the server at once, the sentinel by starting anew', async () => {
    const [, sentinel] = children;
    await writeCertificate();
    const { serialNumber } = new X509Certificate(readFileSync(join(dir, 'tls/tls.crt')));
    await waitUntil(
      'the server shows it',
      async () => (await serialAt(ports.server)) === serialNumber,
      15_000,
    );
    await waitUntil('the sentinel ends', () => sentinel?.exitCode !== null || sentinel.signalCode !== null);
    start('kubehero-valkey-sentinel');
    await waitUntil('the sentinel shows it', async () => (await serialAt(ports.sentinel)) === serialNumber);
  }, 60_000);
});
