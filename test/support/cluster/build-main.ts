import { buildBinaries, type ClusterBinary, clusterPackages } from './binaries.js';
import { keepStages } from './workers.js';

// Usage: node build-main.js [binary…]; without names it builds all. Exits 1 with the reason.
const wanted = process.argv.slice(2).filter((name): name is ClusterBinary => name in clusterPackages);
const names = wanted.length > 0 ? wanted : (Object.keys(clusterPackages) as ClusterBinary[]);
const result = await buildBinaries(process.cwd(), names, (line) => process.stderr.write(`${line}\n`));
if ('missing' in result) {
  process.stderr.write(`cluster: ${result.missing}\n`);
  process.exitCode = 1;
} else {
  if (names.includes('kwok')) keepStages(process.cwd(), result.dir);
  process.stdout.write(`${result.dir}\n`);
}
