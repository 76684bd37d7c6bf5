// Regenerates every *.ts of this folder from sources/: the ones of CRDs and the one of Kubernetes itself.
// `cdk8s import` does the work; it would fetch the Kubernetes schema from the network, so its importers are called
// here with that schema from a file, cut to what the constructs emit. Usage: node imports/generate.mjs [outdir]
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const require = createRequire(import.meta.url);
const cli = dirname(require.resolve('cdk8s-cli/package.json'));
const cliUtil = require(join(cli, 'lib/util.js'));
const { ImportKubernetesApi } = require(join(cli, 'lib/import/k8s.js'));
const { ImportCustomResourceDefinition } = require(join(cli, 'lib/import/crd.js'));

const here = fileURLToPath(new URL('.', import.meta.url));
const sources = join(here, 'sources');
const outdir = process.argv[2] ?? here;

/** Definitions of the Kubernetes kinds that the constructs emit. */
const kubernetesKinds = [
  'io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicy',
  'io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyBinding',
  'io.k8s.api.apps.v1.DaemonSet',
  'io.k8s.api.apps.v1.Deployment',
  'io.k8s.api.apps.v1.StatefulSet',
  'io.k8s.api.batch.v1.CronJob',
  'io.k8s.api.batch.v1.Job',
  'io.k8s.api.core.v1.ConfigMap',
  'io.k8s.api.core.v1.LimitRange',
  'io.k8s.api.core.v1.Namespace',
  'io.k8s.api.core.v1.ResourceQuota',
  'io.k8s.api.core.v1.Service',
  'io.k8s.api.core.v1.ServiceAccount',
  'io.k8s.api.networking.v1.Ingress',
  'io.k8s.api.networking.v1.NetworkPolicy',
  'io.k8s.api.policy.v1.PodDisruptionBudget',
  'io.k8s.api.rbac.v1.ClusterRole',
  'io.k8s.api.rbac.v1.ClusterRoleBinding',
  'io.k8s.api.rbac.v1.Role',
  'io.k8s.api.rbac.v1.RoleBinding',
  'io.k8s.api.scheduling.v1.PriorityClass',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition',
];

/** Keeps the named definitions and whatever they refer to. */
function reachable(definitions, roots) {
  const kept = {};
  const queue = [...roots];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (name in kept) continue;
    if (!(name in definitions)) throw new Error(`no definition '${name}' in the schema`);
    kept[name] = definitions[name];
    for (const match of JSON.stringify(definitions[name]).matchAll(/"#\/definitions\/([^"]+)"/g)) queue.push(match[1]);
  }
  return Object.fromEntries(Object.entries(kept).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What the generator leaves to be done for this repository's compiler options; nothing about content. */
function forStrictCompiler(text) {
  return text
    .replace("import { ApiObject, ApiObjectMetadata, GroupVersionKind } from 'cdk8s';", "import { ApiObject, type ApiObjectMetadata, type GroupVersionKind } from 'cdk8s';")
    .replace("import { ApiObject, GroupVersionKind } from 'cdk8s';", "import { ApiObject, type GroupVersionKind } from 'cdk8s';")
    .replace("import { Construct } from 'constructs';", "import type { Construct } from 'constructs';")
    .replace(/^( {2}readonly [^\n?]+\?: .+);$/gm, '$1 | undefined;')
    .replace(/[ \t]+$/gm, '');
}

mkdirSync(outdir, { recursive: true });
const schema = JSON.parse(gunzipSync(readFileSync(join(sources, 'k8s-1.36.definitions.json.gz'))).toString('utf8'));
// The specification calls both a plain string; what they hold is a string or a number.
for (const name of ['pkg.util.intstr.IntOrString', 'pkg.api.resource.Quantity']) {
  schema.definitions[`io.k8s.apimachinery.${name}`] = { oneOf: [{ type: 'string' }, { type: 'number' }] };
}
cliUtil.download = async () => JSON.stringify({ definitions: reachable(schema.definitions, kubernetesKinds) });
const log = console.log;
console.log = () => {};
await new ImportKubernetesApi({ apiVersion: '1.36.0' }).import({ outdir, targetLanguage: 'typescript' });
for (const file of readdirSync(sources).filter((name) => name.endsWith('.yaml')).sort()) {
  const importer = new ImportCustomResourceDefinition(readFileSync(join(sources, file), 'utf8'));
  await importer.import({ outdir, targetLanguage: 'typescript' });
}
console.log = log;
for (const file of readdirSync(outdir).filter((name) => name.endsWith('.ts')).sort()) {
  const path = join(outdir, file);
  writeFileSync(path, forStrictCompiler(readFileSync(path, 'utf8')));
}
