// Makes the package that is published, from what `tsc -b constructs` compiled: ES modules and CommonJS side by side, each
// with its declarations, and what the constructs take from the contract and the imports inside of it, so that it needs
// nothing but its peers. Usage: node constructs/pack.mjs [folder]; then `npm pack` in that folder.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));
const compiled = join(root, 'dist/js');
const target = process.argv[2] ?? join(root, 'dist/package');
const contract = 'services/shared/contract';
const folders = ['constructs', 'imports', contract];

/** Every compiled module and declaration of a folder, relative to `dist/js`. */
function modulesOf(folder) {
  return readdirSync(join(compiled, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(js|d\.ts)$/.test(entry.name))
    .map((entry) => relative(compiled, join(entry.parentPath, entry.name)));
}

/** Points what is imported by the package's name at its place beside the rest. */
function inPlace(text, file) {
  const path = relative(dirname(file), join(contract, 'index.js')).split(sep).join('/');
  return text
    .replaceAll(/(['"])@kubehero\/contract\1/g, `$1${path.startsWith('.') ? path : `./${path}`}$1`)
    .replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n');
}

function toCommonJs(text, fileName) {
  const { outputText, diagnostics } = ts.transpileModule(text, {
    fileName,
    reportDiagnostics: true,
    compilerOptions: {
      module: ts.ModuleKind.CommonJS,
      target: ts.ScriptTarget.ES2022,
      esModuleInterop: true,
    },
  });
  if (diagnostics?.length)
    throw new Error(`${fileName}: ${diagnostics.map((d) => d.messageText).join('; ')}`);
  return outputText;
}

rmSync(target, { recursive: true, force: true });
for (const file of folders.flatMap(modulesOf)) {
  const text = inPlace(readFileSync(join(compiled, file), 'utf8'), file);
  for (const kind of ['esm', 'cjs']) {
    const to = join(target, 'lib', kind, file);
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(to, kind === 'cjs' && file.endsWith('.js') ? toCommonJs(text, file) : text);
  }
}
const { name, version, license, description, peerDependencies } = JSON.parse(
  readFileSync(join(root, 'constructs/package.json'), 'utf8'),
);
const write = (path, value) => writeFileSync(join(target, path), `${JSON.stringify(value, null, 2)}\n`);
write('lib/esm/package.json', { type: 'module' });
write('lib/cjs/package.json', { type: 'commonjs' });
const entry = (kind) => ({
  types: `./lib/${kind}/constructs/index.d.ts`,
  default: `./lib/${kind}/constructs/index.js`,
});
write('package.json', {
  name,
  version,
  description,
  license,
  keywords: ['cdk8s', 'kubernetes', 'finops', 'cost'],
  main: './lib/cjs/constructs/index.js',
  types: './lib/cjs/constructs/index.d.ts',
  exports: { '.': { import: entry('esm'), require: entry('cjs') }, './package.json': './package.json' },
  files: ['lib'],
  engines: { node: '>=20' },
  peerDependencies,
});
for (const file of ['README.md', '../LICENSE']) {
  try {
    cpSync(join(root, 'constructs', file), join(target, file.replace('../', '')));
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    process.stderr.write(`pack: no ${file} to put in\n`);
  }
}
