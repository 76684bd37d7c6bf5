import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { launchChromium, openPage, seriousFindings } from '../support/dashboard-browser.js';
import { DashboardProcess } from '../support/dashboard-process.js';
import { FakeControlPlane } from '../support/fake-control-plane.js';
import { builtDashboard, chromium, describeWith } from '../support/requirements.js';

describeWith([chromium, builtDashboard], 'the prices page', () => {
  let fake: FakeControlPlane;
  let dashboard: DashboardProcess;
  let browser: Browser;

  beforeAll(async () => {
    fake = new FakeControlPlane({ pods: 100, nodes: 4 });
    dashboard = await DashboardProcess.start(await fake.start(), fake.token);
    browser = await launchChromium();
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    await dashboard.stop();
    await fake.stop();
  });

  it('shows the age of every source, what waits for a person with its command, and what changed', async () => {
    const { page, context } = await openPage(browser, dashboard.url, { path: '/prices?tz=utc' });
    await page.getByRole('row', { name: /aws-offer\/eu-west-1 2 h/ }).waitFor();
    await page.getByRole('row', { name: /azure-retail\/westeurope 3 d 8 h/ }).waitFor();
    await page.getByText("kubehero pricing refresh --sources aws --accept 'eu-west-1/c5'").waitFor();
    await page.getByRole('row', { name: /m5\.large aws eu-west-1 .* \$0\.112 \$0\.107 −4\.5/ }).waitFor();
    expect(await page.getByRole('link', { name: 'Prices' }).getAttribute('aria-current')).toBe('page');
    await context.close();
  });

  it('finds a price by the keyboard alone, and explains it under an address of its own', async () => {
    const { page, context } = await openPage(browser, dashboard.url, { path: '/prices' });
    await page
      .getByRole('row', { name: /aws-offer/ })
      .first()
      .waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('m5.l');
    const explain = page.getByRole('button', { name: 'Explain m5.large' }).first();
    await explain.focus();
    await page.keyboard.press('Enter');
    await page.getByText('exact on-demand linux price of m5.large').waitFor();
    expect(new URL(page.url()).searchParams.get('type')).toBe('m5.large');
    await page.getByRole('button', { name: 'Close' }).click();
    await page.waitForURL((url) => !url.searchParams.has('type')); // going back sooner leaves the page altogether
    await page.goBack();
    await page.getByText('exact on-demand linux price of m5.large').waitFor();
    await context.close();
  });

  it('says what a search does not find', async () => {
    const { page, context } = await openPage(browser, dashboard.url, { path: '/prices?q=zx81' });
    await page.getByText('No source lists “zx81”.').waitFor();
    await context.close();
  });

  it('is one click from the price of a node on the live page', async () => {
    const { page, context } = await openPage(browser, dashboard.url, { path: '/?rows=node' });
    await page.getByRole('link', { name: 'annotation' }).first().click();
    await page.getByRole('heading', { name: /Why .* costs what it does/ }).waitFor();
    await page.getByText('from its first second').waitFor();
    await context.close();
  });

  it.each(['light', 'dark'] as const)('has no serious finding of axe-core in %s', async (colorScheme) => {
    const path = '/prices?q=m5&cluster=c&node=n';
    const { page, context } = await openPage(browser, dashboard.url, { colorScheme, path });
    await page.getByRole('row', { name: /contradicted/ }).waitFor();
    await page.getByText('from its first second').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await context.close();
  });
});
