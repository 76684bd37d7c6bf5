// Packs the library, installs it into an app of its own and synthesizes there, as an ES module and as CommonJS, on each of
// the given versions of Node; all must write the same manifests. Versions are brought by npm.
// Usage: npm run try:nodes [-- 20 22 24 …]
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const versions = process.argv.length > 2 ? process.argv.slice(2) : ['20', '22', '24'];
const dir = mkdtempSync(join(tmpdir(), 'kubehero-nodes-'));
const run = (command, args, env = {}) =>
  execFileSync(command, args, {
    cwd: dir,
    encoding: 'utf8',
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
const install = (...what) =>
  run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--silent', ...what]);

/** The example of the README: what a customer starts from. */
const [, example = ''] =
  /```ts\n([\s\S]*?)```/.exec(readFileSync(join(root, 'constructs/README.md'), 'utf8')) ?? [];
const body = example.replace(/^import .*$/gm, '');
const names = '{ ImageLock, KubeHeroHub }';

try {
  run(process.execPath, [join(root, 'constructs/pack.mjs'), join(dir, 'package')]);
  const tarball = run('npm', ['pack', '--silent', './package']).trim().split('\n').pop();
  copyFileSync(join(root, 'examples/images.lock.json'), join(dir, 'images.lock.json'));
  writeFileSync(join(dir, 'package.json'), JSON.stringify({ name: 'outside', private: true }));
  writeFileSync(
    join(dir, 'app.mjs'),
    `import { App } from 'cdk8s';\nimport ${names} from '@kubehero/constructs';\n${body}`,
  );
  writeFileSync(
    join(dir, 'app.cjs'),
    `const { App } = require('cdk8s');\nconst ${names} = require('@kubehero/constructs');\n${body}`,
  );
  const platform = `node-${process.platform}-${process.arch}`;
  const outputs = new Set();
  for (const version of versions) {
    install(`./${tarball}`, `${platform}@${version}`);
    const node = join(dir, 'node_modules', platform, 'bin/node');
    for (const app of ['app.mjs', 'app.cjs']) {
      const out = join(dir, `out-${version}-${app}`);
      run(node, [app], { CDK8S_OUTDIR: out });
      const files = readdirSync(out).sort();
      outputs.add(files.map((file) => readFileSync(join(out, file), 'utf8')).join('\n'));
      process.stdout.write(`${run(node, ['--version']).trim()} ${app}: ${files.length} files\n`);
    }
  }
  if (outputs.size !== 1) throw new Error(`${outputs.size} different outputs`);
} finally {
  rmSync(dir, { recursive: true, force: true });
}
