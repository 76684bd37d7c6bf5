import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeHeroEdge } from '@kubehero/constructs';
import { App } from 'cdk8s';
import { repository } from '../support/manifests/examples.js';
import { fullLock } from '../support/manifests/hub.js';
import { report } from './support/figures.js';

/**
 * Time of synthesis: hub, edge and air gap in a process of its own (cold, start of Node included) beside a bare cdk8s
 * app; 100 edges in one app, twice and four times as many, and how much each doubling takes.
 *
 * `node dist/js/test/bench/constructs.js`
 */
const dir = mkdtempSync(join(tmpdir(), 'kubehero-bench-'));

/** Least of five cold runs, ms: what else the machine does only adds. */
function coldMs(script: string): number {
  const runs = [...Array(5).keys()].map(() => {
    const startedAt = performance.now();
    execFileSync(process.execPath, [script], {
      cwd: repository,
      env: { ...process.env, CDK8S_OUTDIR: join(dir, 'out') },
    });
    return performance.now() - startedAt;
  });
  return Math.round(Math.min(...runs));
}

/** Least of three, ms: by the clock, and of the processor, which what else the machine does adds little to. */
function edgesMs(count: number): { elapsed: number; processor: number } {
  const runs = [...Array(3).keys()].map(() => {
    const startedAt = performance.now();
    const before = process.cpuUsage();
    const app = new App({ outdir: join(dir, `edges-${count}`) });
    const images = fullLock();
    for (let i = 0; i < count; i += 1) {
      new KubeHeroEdge(app, `edge-${i}`, {
        images,
        hubEndpoint: 'https://ingress.acme.internal',
        caBundle: certificate,
      });
    }
    app.synth();
    const { user, system } = process.cpuUsage(before);
    return { elapsed: performance.now() - startedAt, processor: (user + system) / 1000 };
  });
  return {
    elapsed: Math.round(Math.min(...runs.map(({ elapsed }) => elapsed))),
    processor: Math.min(...runs.map(({ processor }) => processor)),
  };
}

const certificate = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';

try {
  const bare = join(repository, 'dist/js/test/bench/support', `bare-cdk8s-${process.pid}.mjs`);
  writeFileSync(
    bare,
    "import { ApiObject, App, Chart } from 'cdk8s';\nconst app = new App();\nnew ApiObject(new Chart(app, 'bare'), 'object', { apiVersion: 'v1', kind: 'ConfigMap' });\napp.synth();\n",
  );
  const figures = {
    bareMs: 0,
    hubEdgeAirGapMs: 0,
    edges100Ms: 0,
    edges200Ms: 0,
    edges400Ms: 0,
    perDoubling: 0,
  };
  try {
    figures.bareMs = coldMs(bare);
  } finally {
    rmSync(bare);
  }
  figures.hubEdgeAirGapMs = coldMs(join(repository, 'dist/js/examples/air-gapped.js'));
  const [hundred, twice, fourTimes] = [edgesMs(100), edgesMs(200), edgesMs(400)];
  figures.edges100Ms = hundred.elapsed;
  figures.edges200Ms = twice.elapsed;
  figures.edges400Ms = fourTimes.elapsed;
  // The mean of two doublings
  figures.perDoubling = Number(Math.sqrt(fourTimes.processor / hundred.processor).toFixed(2));
  report('constructs', { ...figures, goals: { hubEdgeAirGapMs: 1000, edges100Ms: 3000, perDoubling: 2.2 } });
} finally {
  rmSync(dir, { recursive: true, force: true });
}
