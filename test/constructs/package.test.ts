import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { repository } from '../support/manifests/examples.js';

/** This Node, and others that are here: paths in KUBEHERO_NODES, as in PATH. `npm run try:nodes` brings some by itself. */
const nodes = [process.execPath, ...(process.env['KUBEHERO_NODES'] ?? '').split(delimiter)].filter(
  (path) => path !== '',
);

const program = (importing: string): string => `${importing}
const app = new App();
const hub = new KubeHeroHub(app, 'kubehero', {
  images: ImageLock.fromFile('images.lock.json'),
  domain: 'acme.internal',
  exposure: { kind: 'ingress', className: 'nginx', controllerNamespace: 'ingress-nginx', tlsSecret: 'tls' },
  dex: { connectors: [{ type: 'ldap', id: 'ldap', name: 'Directory', config: {} }] },
});
hub.parts.dashboard.addOverride({ kind: 'Deployment' }, 'spec.replicas', 3);
app.synth();
`;

describe('the packed tarball, in an app of its own', () => {
  let dir: string;
  const run = (command: string, args: readonly string[], env: Record<string, string> = {}): string =>
    execFileSync(command, args, {
      cwd: dir,
      encoding: 'utf8',
      env: { ...process.env, NO_UPDATE_NOTIFIER: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  const manifests = (out: string): string =>
    readdirSync(join(dir, out))
      .sort()
      .map((file) => `${file}\n${readFileSync(join(dir, out, file), 'utf8')}`)
      .join('\n');

  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'kubehero-outside-'));
    run(process.execPath, [join(repository, 'constructs/pack.mjs'), join(dir, 'package')]);
    const tarball = run('npm', ['pack', '--silent', './package']).trim().split('\n').pop() ?? '';
    copyFileSync(join(repository, 'examples/images.lock.json'), join(dir, 'images.lock.json'));
    writeFileSync(join(dir, 'package.json'), JSON.stringify({ name: 'outside', private: true }));
    run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--silent', `./${tarball}`]);
  }, 180_000);
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it('brings nothing into node_modules but itself and its peers', () => {
    const folders = readdirSync(join(dir, 'node_modules')).filter((name) => !name.startsWith('.'));
    expect(folders.sort()).toEqual(['@kubehero', 'cdk8s', 'cdk8s-plus-28', 'constructs']);
    expect(readdirSync(join(dir, 'node_modules/@kubehero'))).toEqual(['constructs']);
    expect(readdirSync(join(dir, 'node_modules/@kubehero/constructs'))).not.toContain('node_modules');
  });

  it('is imported by an ES module and by CommonJS, which write the same manifests', () => {
    writeFileSync(
      join(dir, 'app.mjs'),
      program("import { App } from 'cdk8s';\nimport { ImageLock, KubeHeroHub } from '@kubehero/constructs';"),
    );
    writeFileSync(
      join(dir, 'app.cjs'),
      program(
        "const { App } = require('cdk8s');\nconst { ImageLock, KubeHeroHub } = require('@kubehero/constructs');",
      ),
    );
    const outputs = nodes.flatMap((node, i) =>
      ['app.mjs', 'app.cjs'].map((app) => {
        const out = `out-${i}-${app}`;
        run(node, [app], { CDK8S_OUTDIR: out });
        expect(readdirSync(join(dir, out)).sort()).toEqual([
          'kubehero-base.k8s.yaml',
          'kubehero-monitoring.k8s.yaml',
          'kubehero-programs.k8s.yaml',
          'kubehero-stores.k8s.yaml',
        ]);
        return manifests(out);
      }),
    );
    expect(outputs).toHaveLength(2 * nodes.length);
    expect(new Set(outputs).size).toBe(1);
    expect(outputs[0]).toContain('replicas: 3');
  });

  it.each([
    ['nodenext', ['mts', 'cts']],
    ['node16', ['mts', 'cts']],
    ['bundler', ['ts']],
  ])('is typed for a strict TypeScript program with moduleResolution %s', (resolution, extensions) => {
    const importing =
      "import { App } from 'cdk8s';\nimport { ImageLock, KubeHeroHub } from '@kubehero/constructs';";
    const wrong = program('').replace(
      "domain: 'acme.internal'",
      '// @ts-expect-error -- a domain is a text\n  domain: 5',
    );
    const files = extensions.map((extension) => `${resolution}.${extension}`);
    for (const file of files) writeFileSync(join(dir, file), `${program(importing)}{${wrong}}`);
    run(process.execPath, [
      join(repository, 'node_modules/typescript/bin/tsc'),
      '--strict',
      '--noEmit',
      '--module',
      resolution === 'bundler' ? 'esnext' : resolution,
      '--moduleResolution',
      resolution,
      '--target',
      'es2022',
      '--exactOptionalPropertyTypes',
      '--noUncheckedIndexedAccess',
      ...files,
    ]);
  });
});
