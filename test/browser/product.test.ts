import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launchChromium, openPage, type WatchedPage } from '../support/dashboard-browser.js';
import { runJson, start, startUp, type CostJson, type Started } from '../support/product.js';
import { builtDashboard, chromium, describeWith } from '../support/requirements.js';

const NODES = 6;
const NODE_PRICE = '0.4';
const PER_SECOND = (NODES * Number(NODE_PRICE)) / 3600;

describeWith([chromium, builtDashboard], 'the live page of the whole product', () => {
  let folder: string;
  let up: Awaited<ReturnType<typeof startUp>>;
  let browser: Browser;
  let view: WatchedPage;

  const simulate = (): Started =>
    start([
      ...['simulate', '--realtime', '--client', up.client, '--cluster', 'shop', '--nodes', String(NODES)],
      ...['--pods-per-node', '10', '--seconds', '120', '--node-price', NODE_PRICE],
    ]);
  const kill = async (simulator: Started): Promise<void> => {
    simulator.child.kill('SIGKILL'); // without a farewell, as a node that lost its network
    await simulator.ended;
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubehero-page-'));
    const local = '127.0.0.1:0';
    up = await startUp(folder, [
      '--collector',
      'off',
      '--http',
      local,
      '--grpc',
      local,
      '--dashboard',
      local,
    ]);
    browser = await launchChromium();
    const link = /http\S+\/login#\S+/.exec(up.output())?.[0] ?? '';
    const base = new URL(link).origin;
    view = await openPage(browser, base, { path: link.slice(base.length), loggedIn: false });
    await view.page.waitForURL(`${base}/`);
  });

  afterAll(async () => {
    await browser.close();
    up.child.kill('SIGTERM');
    expect(await up.ended).toBe(0);
    await rm(folder, { recursive: true, force: true });
  });

  it('shows what the nodes cost to the picodollar, finds a workload, and shows a gap for what it is', async () => {
    const { page, complaints, foreign } = view;
    const rate = page.locator('section[aria-label=Rate] data').first();
    await page
      .getByText(/waiting for|no collector/i)
      .first()
      .waitFor();

    let simulator = simulate();
    await rate.waitFor({ timeout: 20_000 });
    await eventually(async () => Math.abs(Number(await rate.getAttribute('value')) - PER_SECOND) < 1e-11);
    await page.getByRole('grid').getByRole('row').nth(3).waitFor();
    const name = await page
      .getByRole('grid')
      .getByRole('row')
      .nth(1)
      .getByRole('gridcell')
      .first()
      .innerText();
    await page.keyboard.press('/');
    await page.keyboard.type(name.split('\n')[0] ?? name);
    await page.getByText(/^\d+ workloads?/).waitFor();
    await page.keyboard.press('Escape');

    await kill(simulator);
    await page.waitForTimeout(12_000);
    simulator = simulate();
    await page
      .getByText(/for \d+ s: no collector reported/)
      .first()
      .waitFor({ timeout: 30_000 });
    await kill(simulator);

    const cost = await runJson<CostJson>([
      'cost',
      '--client',
      up.client,
      '--window',
      '5m',
      '--output',
      'json',
    ]);
    const { expectedNodeSeconds, observedNodeSeconds } = cost.coverage;
    expect(expectedNodeSeconds - observedNodeSeconds).toBeGreaterThanOrEqual(NODES * 8);
    expect(complaints).toEqual([]);
    expect(foreign).toEqual([]);
  });
});

async function eventually(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error('it did not become so within 20 s');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
