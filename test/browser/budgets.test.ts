import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { launchChromium, openPage, seriousFindings } from '../support/dashboard-browser.js';
import { sessionCookie } from '../support/dashboard-http.js';
import { DashboardProcess } from '../support/dashboard-process.js';
import { FakeControlPlane } from '../support/fake-control-plane.js';
import { builtDashboard, chromium, describeWith } from '../support/requirements.js';

const MAX_SCRIPT_BYTES = 200 * 1024;

const names = (page: Page): Promise<string[]> =>
  page.getByRole('list', { name: 'Budget policies' }).getByRole('heading').allInnerTexts();
const listed = (page: Page): Promise<void> => page.getByRole('link', { name: 'calm' }).waitFor();

describeWith([chromium, builtDashboard], 'the budgets page', () => {
  let fake: FakeControlPlane;
  let dashboard: DashboardProcess;
  let browser: Browser;

  beforeAll(async () => {
    fake = new FakeControlPlane({ pods: 20, nodes: 2 });
    dashboard = await DashboardProcess.start(await fake.start(), fake.token);
    browser = await launchChromium();
  });

  afterAll(async () => {
    await browser.close();
    expect((await dashboard.stop()).code).toBe(0);
    await fake.stop();
  });

  it('lists policies by how soon they need a person, every amount exact, from this host alone', async () => {
    const opened = await openPage(browser, dashboard.url, { path: '/budgets' });
    const { page, context, foreign, complaints, scriptBytes } = opened;
    await listed(page);
    expect(await names(page)).toEqual(['ml', 'shop', 'blind', 'search', 'calm']);
    await page.getByText('5 policies, 2 above the ceiling, 1 armed').waitFor();
    const calm = page.getByRole('listitem').filter({ hasText: 'calm' });
    const exact = (at: number): Promise<string | null> => calm.locator('data').nth(at).getAttribute('value');
    expect([await exact(0), await exact(1)]).toEqual(['2100.000000000001', '6899.999999999999']);
    await page.getByText('Collectors of eu-2 are silent').waitFor();
    await page.getByText('armed by ada@example.com').waitFor();
    console.log(`${scriptBytes()} bytes of scripts`);
    expect(scriptBytes()).toBeLessThan(MAX_SCRIPT_BYTES);
    expect([foreign, complaints]).toEqual([[], []]);
    await context.close();
  });

  it.each(['light', 'dark'] as const)('has no serious finding of axe-core, %s', async (colorScheme) => {
    const { page, context } = await openPage(browser, dashboard.url, { path: '/budgets', colorScheme });
    await listed(page);
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByRole('link', { name: 'shop' }).click();
    await page.getByRole('heading', { name: 'History' }).waitFor();
    await page.getByRole('heading', { name: 'What would stop now' }).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByRole('button', { name: 'Disarm' }).click();
    await page.getByRole('dialog').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await context.close();
  });

  it('shows what is stopped, what was there before, and what is still paid', async () => {
    const { page, context } = await openPage(browser, dashboard.url, {
      path: '/budgets?policy=shop&cluster=eu-1',
    });
    await page.getByRole('heading', { name: 'Burn-down' }).waitFor();
    await page.getByText('Still paid').waitFor();
    const stopped = page.getByRole('region', { name: 'Objects in eu-1' });
    expect(await stopped.getByRole('row').count()).toBe(5);
    const history = page.getByRole('region', { name: 'History of actions' });
    await history.getByText('{"replicas":3}').first().waitFor();
    await history.getByText('{"suspend":true}').first().waitFor();
    await page.getByText('Over by').waitFor();
    expect(await page.locator('canvas').count()).toBe(1);
    await context.close();
  });

  it('arms only after the name is typed out, by keyboard, and disarms again', async () => {
    const { page, context } = await openPage(browser, dashboard.url, {
      path: '/budgets?policy=search&cluster=eu-1',
    });
    await page.getByRole('region', { name: 'Objects that would stop' }).waitFor();
    await page.getByRole('button', { name: 'Arm', exact: true }).focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Arm search' });
    await dialog.getByText('1 Deployment, 1 StatefulSet, 1 Job, 1 CronJob').waitFor();
    await dialog.getByText('throws its running work away').waitFor();
    const arm = dialog.getByRole('button', { name: 'Arm', exact: true });
    await page.keyboard.type('searc');
    expect(await arm.isDisabled()).toBe(true);
    await page.keyboard.type('h');
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('armed by tester').waitFor();
    expect(fake.budgets.lastArmed).toEqual({
      ...{ policy: 'search', cluster: 'eu-1', armed: true, confirmName: 'search', by: 'tester' },
    });
    await page.getByRole('button', { name: 'Disarm' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Disarm' }).click();
    await page.getByText('not armed').waitFor();
    await context.close();
  });

  it('says in a sentence why a policy cannot be armed, and keeps the dialog', async () => {
    const { page, context } = await openPage(browser, dashboard.url, {
      path: '/budgets?policy=blind&cluster=eu-1',
    });
    await page.getByRole('button', { name: 'Arm', exact: true }).click();
    await page.getByLabel(/Type the policy/).fill('blind');
    await page.getByRole('dialog').getByRole('button', { name: 'Arm', exact: true }).click();
    await page
      .getByRole('dialog')
      .getByText(/^The operator of the cluster .* is not connected/)
      .waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await context.close();
  });

  it('takes no arming from another site, without a session, or without sense', async () => {
    fake.budgets.lastArmed = undefined;
    const send = async (headers: Record<string, string>, body: unknown): Promise<number> => {
      const url = `${dashboard.url}/api/budgets/armed`;
      return (await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).status;
    };
    const request = { policy: 'search', cluster: 'eu-1', armed: true, confirmName: 'search' };
    const cookie = sessionCookie();
    expect(await send({}, request)).toBe(401);
    expect(await send({ cookie, origin: 'https://evil.example' }, request)).toBe(403);
    expect(await send({ cookie, 'sec-fetch-site': 'cross-site' }, request)).toBe(403);
    expect(await send({ cookie, 'sec-fetch-site': 'same-origin' }, { ...request, armed: 'yes' })).toBe(400);
    expect(fake.budgets.lastArmed).toBeUndefined();
  });

  it('jumps to a policy, a namespace or another page by keyboard', async () => {
    const { page, context } = await openPage(browser, dashboard.url, { path: '/budgets' });
    await listed(page);
    const jump = async (text: string, option: RegExp, to: RegExp): Promise<void> => {
      await page.keyboard.press('Control+k');
      const list = page.getByRole('dialog', { name: 'Jump to' });
      await list.getByRole('combobox').waitFor();
      await page.keyboard.type(text);
      await list.getByRole('option', { name: option }).waitFor();
      expect(await seriousFindings(page)).toEqual([]);
      await page.keyboard.press('Enter');
      await page.waitForURL(to);
    };
    await jump('calm', /^calm policy/, /\/budgets\?policy=calm/);
    await page.getByRole('heading', { name: 'History' }).waitFor();
    await jump('go to prices', /^Go to Prices/, /\/prices$/);
    await page
      .getByRole('row', { name: /aws-offer/ })
      .first()
      .waitFor();
    await jump('checkout', /^checkout namespace/, /where=namespace(%3A|:)checkout/);
    await page.getByText('Live cost of namespace').waitFor();
    await context.close();
  });

  it('fits a phone without sideways scrolling', async () => {
    const viewport = { width: 390, height: 844 };
    const { page, context } = await openPage(browser, dashboard.url, { path: '/budgets', viewport });
    await listed(page);
    const overflow = 'document.documentElement.scrollWidth - innerWidth';
    expect(await page.evaluate<number>(overflow)).toBeLessThanOrEqual(0);
    await page.getByRole('link', { name: 'shop' }).click();
    await page.getByRole('heading', { name: 'History' }).waitFor();
    expect(await page.evaluate<number>(overflow)).toBeLessThanOrEqual(0);
    await context.close();
  });
});

describeWith([chromium, builtDashboard], 'the budgets page without a policy', () => {
  it('says how to write the first one', async () => {
    const fake = new FakeControlPlane({ pods: 0, nodes: 0 });
    const dashboard = await DashboardProcess.start(await fake.start(), fake.token);
    const browser = await launchChromium();
    const { page } = await openPage(browser, dashboard.url, { path: '/budgets' });
    await page.getByRole('heading', { name: 'No budget yet' }).waitFor();
    expect(await page.getByLabel('First policy').innerText()).toContain('kind: BudgetPolicy');
    expect(await seriousFindings(page)).toEqual([]);
    await browser.close();
    await dashboard.stop();
    await fake.stop();
  });
});
