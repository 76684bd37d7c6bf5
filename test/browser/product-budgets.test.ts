import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { Applier, type ManifestObject } from '../support/cluster/apply.js';
import { Cluster } from '../support/cluster/cluster.js';
import { clusterBinaries, clusterBinariesDir } from '../support/cluster/requirement.js';
import { launchChromium, openPage, type WatchedPage } from '../support/dashboard-browser.js';
import { enforcementBinaries } from '../support/enforcement/enforcement-rig.js';
import { deployment } from '../support/enforcement/workload-factory.js';
import { start, startUp, type Started } from '../support/product.js';
import { builtDashboard, chromium, describeWith } from '../support/requirements.js';
import { stopChild } from '../support/stack.js';
import { waitUntil } from '../support/wait-until.js';

const LOCAL = '127.0.0.1:0';
const PATIENCE_MS = 90_000;

describeWith(
  [chromium, builtDashboard, clusterBinaries(...enforcementBinaries)],
  'the budgets page of the whole product on a cluster',
  () => {
    let folder: string;
    let cluster: Cluster;
    let up: Awaited<ReturnType<typeof startUp>>;
    let telemetry: Started;
    let browser: Browser;
    let view: WatchedPage;

    beforeAll(async () => {
      cluster = await Cluster.start({ binaries: clusterBinariesDir(...enforcementBinaries), kwokNodes: 2 });
      folder = await mkdtemp(join(tmpdir(), 'kubehero-budgets-'));
      const kubeconfig = cluster.writeKubeconfig('people.kubeconfig', cluster.adminToken);
      const listeners = ['--http', LOCAL, '--grpc', LOCAL, '--dashboard', LOCAL];
      up = await startUp(folder, ['--kubeconfig', kubeconfig, ...listeners], PATIENCE_MS);
      await waitUntil('up says so', () => up.output().includes('/login#'), PATIENCE_MS);
      telemetry = start([
        ...['simulate', '--client', up.client, '--kubeconfig', kubeconfig],
        ...['--seconds', '3600', '--node-price', '360'],
      ]);
      browser = await launchChromium();
      const link = /http\S+\/login#\S+/.exec(up.output())?.[0] ?? '';
      const base = new URL(link).origin;
      view = await openPage(browser, base, { path: link.slice(base.length), loggedIn: false });
      await view.page.waitForURL(`${base}/`);
      await view.page.goto(`${base}/budgets`);
    }, 4 * PATIENCE_MS);

    afterAll(async () => {
      await browser.close();
      telemetry.child.kill('SIGKILL');
      await stopChild(up.child);
      await cluster.stop();
      await rm(folder, { recursive: true, force: true });
    }, PATIENCE_MS);

    it(
      'takes the policy that it proposes, arms it by its name, and shows what that stopped',
      async () => {
        const { page, complaints, foreign } = view;
        await page.getByRole('heading', { name: 'No budget yet' }).waitFor({ timeout: PATIENCE_MS });
        const proposed = proposedPolicy(await page.getByLabel('First policy').innerText());
        const shop = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } };
        await apply(cluster, shop, deployment({ namespace: 'shop', name: 'web', replicas: 2 }));
        await apply(cluster, { ...proposed, spec: { ...proposed.spec, ceiling: '$0.00001/d' } });

        await page.getByRole('link', { name: 'team-shop' }).click({ timeout: PATIENCE_MS });
        await page.getByText('Exceeded').first().waitFor({ timeout: PATIENCE_MS });
        await page.getByText('not armed').first().waitFor();
        const stop = page.getByRole('region', { name: 'Objects that would stop' });
        await stop.getByText('web').waitFor({ timeout: PATIENCE_MS });
        expect(await replicas(cluster)).toBe(2);

        await page.getByRole('button', { name: 'Arm', exact: true }).click();
        await page.getByLabel(/Type the policy/).fill('team-shop');
        await page.keyboard.press('Enter');
        await page.getByRole('dialog').waitFor({ state: 'detached', timeout: PATIENCE_MS });
        await page
          .getByText(/armed by /)
          .first()
          .waitFor({ timeout: PATIENCE_MS });
        await page.getByText('Enforced').first().waitFor({ timeout: PATIENCE_MS });
        expect(await replicas(cluster)).toBe(0);
        await historyOf(page).getByText('Scale').first().waitFor({ timeout: PATIENCE_MS });

        await page.getByRole('button', { name: 'Disarm' }).click();
        await page.getByRole('dialog').getByRole('button', { name: 'Disarm' }).click();
        await historyOf(page).getByText('Restore').first().waitFor({ timeout: PATIENCE_MS });
        await waitUntil('it runs again', async () => (await replicas(cluster)) === 2, PATIENCE_MS);
        expect([complaints, foreign]).toEqual([[], []]);
      },
      6 * PATIENCE_MS,
    );
  },
);

const historyOf = (page: Page): ReturnType<Page['getByRole']> =>
  page.getByRole('region', { name: 'History of actions' });

/** The object of a `kubectl apply -f - <<'EOF'`, read as kubectl does. */
function proposedPolicy(text: string): ManifestObject & { readonly spec: object } {
  const [, yaml = ''] = /<<'EOF'\n([\s\S]*)\nEOF/.exec(text) ?? [];
  return parse(yaml, { version: '1.1' }) as ManifestObject & { readonly spec: object };
}

async function apply(cluster: Cluster, ...objects: readonly ManifestObject[]): Promise<void> {
  const applier = new Applier(cluster);
  for (const object of objects) expect(await applier.apply(object, { dryRun: false })).toEqual([]);
}

async function replicas(cluster: Cluster): Promise<unknown> {
  const answer = await cluster.call({ path: '/apis/apps/v1/namespaces/shop/deployments/web' });
  return (answer.body as { readonly spec?: { readonly replicas?: number } }).spec?.replicas;
}
