import { buildBinaries, type ClusterBinary, clusterPackages } from './binaries.js';

// Usage: node build-main.js [binary…]; without names it builds what the suites need. Exits 1 with the reason.
const wanted = process.argv.slice(2).filter((name): name is ClusterBinary => name in clusterPackages);
const result = await buildBinaries(
  process.cwd(),
  wanted.length > 0 ? wanted : ['etcd', 'kube-apiserver'],
  (line) => process.stderr.write(`${line}\n`),
);
if ('missing' in result) {
  process.stderr.write(`cluster: ${result.missing}\n`);
  process.exitCode = 1;
} else process.stdout.write(`${result.dir}\n`);
