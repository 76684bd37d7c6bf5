import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { launchChromium, openPage } from './dashboard-browser.js';
import { DashboardProcess } from './dashboard-process.js';
import { FakeControlPlane, type FakeControlPlaneOptions } from './fake-control-plane.js';

/**
 * Takes the pictures of the pages: `node dist/js/test/support/dashboard-screenshots.js [--to docs/images]`.
 * `--only budgets` takes those whose names begin so.
 * With `--link URL` (a one-time login link that `kubehero up` printed) it takes one of a running product instead:
 * `--link URL --name dashboard-light [--path '/?range=5m'] [--dark]`.
 */
const { values: flags } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    to: { type: 'string', default: join(import.meta.dirname, '../../../../docs/images') },
    link: { type: 'string' },
    name: { type: 'string', default: 'dashboard-live' },
    path: { type: 'string', default: '/' },
    dark: { type: 'boolean', default: false },
  },
});

const FLEET = { nodes: 48, pods: 1440 };
const SETTLE_MS = 4000;

await mkdir(flags.to, { recursive: true });
const browser = await launchChromium();
if (flags.link === undefined) await shootFakes();
else await shootLink(flags.link);
await browser.close();

async function shootFakes(): Promise<void> {
  await shoot('dashboard-light', FLEET, {});
  await shoot('dashboard-dark', FLEET, { dark: true });
  await shoot('dashboard-empty', { nodes: 0, pods: 0 }, {});
  const gaps = { gaps: [[520, 400]], silent: [[260, 170, 9]], unpricedNodes: 2 } as const;
  await shoot('dashboard-gap', { ...FLEET, ...gaps }, {});
  await shoot('dashboard-phone', FLEET, { width: 390, height: 844 });
  for (const [name, look] of [
    ['light', {}],
    ['dark', { dark: true }],
    ['phone', { width: 390, height: 844 }],
  ] as const) {
    await shoot(`dashboard-prices-${name}`, FLEET, {
      ...look,
      path: '/prices?q=m5&cluster=eu-1&node=node-1',
    });
  }
  await shootBudgets();
}

async function shootBudgets(): Promise<void> {
  const shop = '/budgets?policy=shop&cluster=eu-1';
  await shoot('budgets-light', FLEET, { path: '/budgets' });
  await shoot('budgets-dark', FLEET, { path: '/budgets?policy=search&cluster=eu-1', dark: true });
  await shoot('budgets-exceeded', FLEET, { path: shop, height: 1500 });
  await shoot('budgets-empty', { nodes: 0, pods: 0 }, { path: '/budgets' });
  await shoot('budgets-phone', FLEET, { path: shop, width: 390, height: 844 });
}

async function shoot(
  name: string,
  fleet: FakeControlPlaneOptions,
  look: {
    readonly dark?: boolean;
    readonly width?: number;
    readonly height?: number;
    readonly path?: string;
  },
): Promise<void> {
  if (!name.startsWith(flags.only)) return;
  const fake = new FakeControlPlane(fleet);
  const dashboard = await DashboardProcess.start(await fake.start(), fake.token);
  const { page } = await openPage(browser, dashboard.url, {
    path: look.path ?? flags.path,
    colorScheme: look.dark === true ? 'dark' : 'light',
    viewport: { width: look.width ?? 1440, height: look.height ?? 900 },
  });
  await page.waitForTimeout(SETTLE_MS);
  await page.screenshot({ path: join(flags.to, `${name}.png`) });
  await page.context().close();
  await dashboard.stop();
  await fake.stop();
}

async function shootLink(link: string): Promise<void> {
  const base = new URL(link).origin;
  const colorScheme = flags.dark ? 'dark' : 'light';
  const { page } = await openPage(browser, base, {
    path: link.slice(base.length),
    loggedIn: false,
    colorScheme,
  });
  await page.waitForURL(`${base}/`);
  if (flags.path !== '/') await page.goto(base + flags.path);
  await page.waitForTimeout(SETTLE_MS);
  await page.screenshot({ path: join(flags.to, `${flags.name}.png`) });
}
