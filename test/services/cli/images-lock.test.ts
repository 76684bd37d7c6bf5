import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { imageRoles } from '@kubehero/contract';
import { repository } from '../../support/manifests/examples.js';
import { Registry } from '../../support/registry/registry.js';
import { standInImage } from '../../support/registry/stand-in-images.js';
import { describeWith } from '../../support/requirements.js';
import { toolRequirement } from '../../support/tools/find-tool.js';

const images = Object.values(imageRoles).map((reference) => standInImage(reference));
/** Path under which the mirror holds an image: the original one, without the host. */
const mirrored = (name: string): string => `mirror/${name.slice(name.indexOf('/') + 1)}`;

describeWith([toolRequirement('docker-registry')], 'kubehero images lock, against a real registry', () => {
  let registry: Registry;
  let dir: string;
  const lock = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(
      process.execPath,
      [join(repository, 'services/cli/bin/kubehero.js'), 'images', 'lock', ...args],
      { cwd: dir, encoding: 'utf8', timeout: 60_000 },
    );
  const fromMirror = (): string[] => ['--mirror', `${registry.host}/mirror`, '--plain-http', registry.host];

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'kubehero-lock-'));
    registry = await Registry.start();
    for (const image of images) await registry.push(image, mirrored(image.repository));
  }, 60_000);
  afterAll(async () => {
    await registry.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  it('writes the digest of every image and of every platform, and the lock of the examples is what it writes', () => {
    expect(lock(...fromMirror())).toMatchObject({
      status: 0,
      stderr: '',
      stdout: expect.stringContaining('13 images locked in images.lock.json') as unknown,
    });
    const written = JSON.parse(readFileSync(join(dir, 'images.lock.json'), 'utf8')) as {
      images: Record<string, { digest: string; platforms: object }>;
    };
    for (const image of images) {
      const locked = Object.values(written.images).find((entry) => entry.digest === image.digest);
      expect(locked?.platforms).toEqual(
        Object.fromEntries(
          Object.entries(image.platforms).map(([platform, { digest }]) => [platform, digest]),
        ),
      );
    }
    expect(written).toEqual(JSON.parse(readFileSync(join(repository, 'examples/images.lock.json'), 'utf8')));
  });

  it('finds nothing to do the second time, and says what changed when a tag moved', async () => {
    expect(lock(...fromMirror())).toMatchObject({
      status: 0,
      stdout: '13 images locked in images.lock.json\n',
    });
    expect(lock(...fromMirror(), '--check')).toMatchObject({ status: 0, stdout: '' });
    const moved = { ...standInImage('ghcr.io/other/content:v2.45.1'), tag: 'v2.45.1' };
    await registry.push(moved, 'mirror/dexidp/dex');
    const checked = lock(...fromMirror(), '--check');
    expect(checked).toMatchObject({ status: 1, stderr: expect.stringContaining(`dex: v2.45.1`) as unknown });
    expect(checked.stderr).toContain(moved.digest);
    const dex = images.find((image) => image.repository.endsWith('/dex'));
    if (dex) await registry.push(dex, 'mirror/dexidp/dex');
  });

  it('leaves the lock file alone and names the image that the registry does not have', () => {
    const before = readFileSync(join(dir, 'images.lock.json'), 'utf8');
    const result = lock(...fromMirror(), '--image', 'dex=ghcr.io/dexidp/dex:v9.9.9');
    expect(result).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(
        `the registry has no ${registry.host}/mirror/dexidp/dex:v9.9.9`,
      ) as unknown,
    });
    expect(readFileSync(join(dir, 'images.lock.json'), 'utf8')).toBe(before);
  });

  it('gives the credentials of a docker config.json to a registry that asks, and says so where there are none', async () => {
    // htpasswd wants bcrypt; this is the hash of "secret".
    const closed = await Registry.start({
      htpasswd: 'user:$2y$05$WvzFRmKqDyrkRJE7YSUcDuzOwcH4yHMdBTuIP4v8kq.4v5rO8xGXm\n',
    });
    try {
      const denied = lock('--mirror', closed.host, '--plain-http', closed.host);
      expect(denied).toMatchObject({
        status: 1,
        stderr: expect.stringContaining('give --credentials with a docker config.json') as unknown,
      });
    } finally {
      await closed.stop();
    }
  });

  it('refuses wrong usage with exit 2', () => {
    expect(lock('--image', 'dex')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("'dex' is no role=reference") as unknown,
    });
    expect(lock('--image', 'nginx=a.b/c:1')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("there is no image role 'nginx'") as unknown,
    });
  });

  it('takes a token where a registry sends it to another server for one, and refuses bytes that are not what it says', async () => {
    const image = standInImage('ghcr.io/kubehero/kubehero:0.1.0');
    const server = await serveToken(image.manifest, image.digest);
    const { port } = server.address() as { port: number };
    const host = `127.0.0.1:${port}`;
    try {
      const run = (path: string) => lockWithout(dir, host, path);
      expect(await run('good')).toMatchObject({ status: 0 });
      expect(await run('lying')).toMatchObject({
        status: 1,
        stderr: expect.stringContaining('do not use this registry') as unknown,
      });
      expect(await run('page')).toMatchObject({
        status: 1,
        stderr: expect.stringContaining('is no manifest') as unknown,
      });
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });
});

/** A registry that asks for a token: `good` answers the truth, `lying` another digest, `page` no manifest at all. */
function serveToken(manifest: Buffer, digest: string): Promise<Server> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', `http://${request.headers.host}`);
    if (url.pathname === '/token') {
      response.end(JSON.stringify({ token: `for ${url.searchParams.get('scope')}` }));
      return;
    }
    const path = /^\/v2\/(.+)\/manifests\//.exec(url.pathname)?.[1] ?? '';
    if (request.headers.authorization !== `Bearer for repository:${path}:pull`) {
      response
        .writeHead(401, {
          'www-authenticate': `Bearer realm="http://${request.headers.host}/token",service="test"`,
        })
        .end();
      return;
    }
    const said = path.startsWith('lying') ? `sha256:${'0'.repeat(64)}` : digest;
    if (path.startsWith('page')) response.end('<html>');
    else response.writeHead(200, { 'docker-content-digest': said }).end(manifest);
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

/** The command as a child that does not hold up this process, whose server it asks. */
async function lockWithout(
  dir: string,
  host: string,
  path: string,
): Promise<{ status: number | null; stderr: string }> {
  const { spawn } = await import('node:child_process');
  writeFileSync(join(dir, 'scratch.json'), '{"version":1,"images":{}}');
  const child = spawn(
    process.execPath,
    [
      join(repository, 'services/cli/bin/kubehero.js'),
      'images',
      'lock',
      '--output',
      'scratch.json',
      '--mirror',
      `${host}/${path}`,
      '--plain-http',
      host,
    ],
    { cwd: dir },
  );
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')));
  const status = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { status, stderr };
}
