import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { launchChromium, openPage, seriousFindings } from '../support/dashboard-browser.js';
import { sessionCookie } from '../support/dashboard-http.js';
import { DashboardProcess } from '../support/dashboard-process.js';
import { FakeControlPlane } from '../support/fake-control-plane.js';
import { builtDashboard, chromium, describeWith } from '../support/requirements.js';

const MAX_SCRIPT_BYTES = 200 * 1024;

const rate = (page: Page): Promise<string> =>
  page.locator('section[aria-label=Rate] data').first().innerText();
const rows = (page: Page): ReturnType<Page['locator']> => page.getByRole('grid').getByRole('row');
const live = (page: Page): Promise<void> => page.locator('section[aria-label=Rate] data').first().waitFor();

describeWith([chromium, builtDashboard], 'the live page', () => {
  let fake: FakeControlPlane;
  let dashboard: DashboardProcess;
  let browser: Browser;

  beforeAll(async () => {
    fake = new FakeControlPlane({
      pods: 30_000,
      nodes: 60,
      gaps: [[400, 345]],
      silent: [[200, 140, 9]],
      unpricedNodes: 1,
    });
    dashboard = await DashboardProcess.start(await fake.start(), fake.token);
    browser = await launchChromium();
  });

  afterAll(async () => {
    await browser.close();
    const { code, ms } = await dashboard.stop();
    await fake.stop();
    expect(code).toBe(0);
    expect(ms).toBeLessThan(3000);
  });

  it('is reached by the one-time link alone, whose token stays out of the address and the history', async () => {
    const token = fake.issueLoginToken('browser-login-token');
    const { page, context } = await openPage(browser, dashboard.url, { path: '/', loggedIn: false });
    expect(new URL(page.url()).pathname).toBe('/login');
    // Opened in the tab where the login page stands, which knows nothing of it before its scripts run
    await page.waitForLoadState('networkidle');
    await page.goto(`${dashboard.url}/login#${token}`);
    await page.waitForURL(`${dashboard.url}/`);
    await live(page);
    const cookie = (await context.cookies()).find(({ name }) => name === 'kubehero_session');
    expect([cookie?.httpOnly, cookie?.sameSite]).toEqual([true, 'Strict']);
    expect(await page.evaluate('document.cookie')).not.toMatch(/kubehero_session/);
    const again = await openPage(browser, dashboard.url, { path: `/login#${token}`, loggedIn: false });
    await again.page.getByText('used already').waitFor();
    expect(again.page.url()).toBe(`${dashboard.url}/login`);
    await context.close();
    await again.context.close();
  });

  it('shows the first figures within a second, from this host alone, with at most 200 kB of scripts', async () => {
    // The machine may be busy with other suites: the best of a few loads is what the page can do.
    const paints: number[] = [];
    for (let at = 0; at < 4; at += 1) {
      const { page, context } = await openPage(browser, dashboard.url);
      await live(page);
      paints.push(
        await page.evaluate<number>("performance.getEntriesByName('first-contentful-paint')[0].startTime"),
      );
      await context.close();
    }
    const { page, context, foreign, complaints, scriptBytes } = await openPage(browser, dashboard.url);
    await live(page);
    await rows(page).nth(5).waitFor();
    await page.waitForTimeout(4000);
    console.log(
      `first content after ${paints.map(Math.round).join(', ')} ms, ${scriptBytes()} bytes of scripts`,
    );
    expect(Math.min(...paints)).toBeLessThan(1000);
    expect(scriptBytes()).toBeGreaterThan(50_000);
    expect(scriptBytes()).toBeLessThan(MAX_SCRIPT_BYTES);
    expect(foreign).toEqual([]);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('follows the stream second by second, and stands still while paused', async () => {
    const { page, context } = await openPage(browser, dashboard.url);
    await live(page);
    const first = await rate(page);
    await eventually(async () => (await rate(page)) !== first);
    await page.getByRole('button', { name: 'Pause' }).click();
    const paused = await rate(page);
    await page.waitForTimeout(2500);
    expect(await rate(page)).toBe(paused);
    await page.getByRole('button', { name: 'Paused' }).click();
    await eventually(async () => (await rate(page)) !== paused);
    await context.close();
  });

  it('shows gaps with their reason, unpriced nodes, and the age of what is stale', async () => {
    const { page, context } = await openPage(browser, dashboard.url);
    await live(page);
    await page.getByText('for 55 s: no collector reported').first().waitFor();
    await page.getByText('9 nodes silent').first().waitFor();
    await page.getByText('not in the rate').waitFor();
    await page.getByRole('link', { name: '60 / 60' }).click();
    await page.getByText('60 nodes, 1 unpriced').waitFor();
    fake.muted = true;
    await page.getByText(/No second has arrived since/).waitFor({ timeout: 20_000 });
    await page.getByText(/\d+ s old/).waitFor();
    fake.muted = false;
    await page.getByText(/No second has arrived since/).waitFor({ state: 'detached', timeout: 20_000 });
    await context.close();
  });

  it('says since when the control plane is lost, keeps what it shows, and mends by itself', async () => {
    const { page, context } = await openPage(browser, dashboard.url);
    await live(page);
    fake.unavailable = true;
    fake.disconnect();
    await page.getByText(/No figures since \d\d:\d\d:\d\d/).waitFor({ timeout: 15_000 });
    expect(await rate(page)).toMatch(/^\$\d/);
    fake.unavailable = false;
    await page.getByText(/No figures since/).waitFor({ state: 'detached', timeout: 20_000 });
    const mended = await rate(page);
    await eventually(async () => (await rate(page)) !== mended);
    await context.close();
  });

  it('is walked by keyboard: search, table, drill-down, back, jump', async () => {
    const { page, context } = await openPage(browser, dashboard.url);
    await rows(page).nth(5).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('payments');
    await page.waitForURL(/q=payments/);
    await page.getByText(/^\d+ workloads/).waitFor();
    await page.keyboard.press('Escape');
    await page.waitForURL((url) => !url.search.includes('q='));
    await page.getByRole('grid').focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    const chosen = page.getByRole('row', { selected: true });
    expect(await chosen.getAttribute('aria-rowindex')).toBe('4');
    await page.keyboard.press('Enter');
    await page.waitForURL(/where=workload/);
    await page.getByText(/^\d+ pods/).waitFor();
    await page.getByRole('grid').focus();
    await page.keyboard.press('Enter');
    await page.getByText(/^2 containers/).waitFor();
    await page.goBack();
    await page.getByText(/^\d+ pods/).waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').waitFor();
    await page.keyboard.type('checkout');
    await page.getByRole('option', { name: /^checkout namespace/ }).waitFor();
    await page.keyboard.press('Enter');
    await page.waitForURL(/where=namespace%3Acheckout|where=namespace:checkout/);
    await page.getByText('Live cost of namespace').waitFor();
    await page.keyboard.press('Control+k');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await context.close();
  });

  it('is the same for a colleague who opens its address', async () => {
    const path =
      '/?by=workload&range=5m&rows=pod&where=cluster:eu-central&where=namespace:search&q=index&sort=memory&dir=asc&tz=utc';
    const { page, context } = await openPage(browser, dashboard.url, {
      path,
      timezoneId: 'America/New_York',
    });
    await page.getByText(/^\d+ pods/).waitFor();
    for (const name of ['Workload', '5 min', 'Pods', 'UTC']) {
      expect(await page.getByRole('radio', { name, exact: true }).isChecked()).toBe(true);
    }
    expect(await page.getByRole('searchbox').inputValue()).toBe('index');
    expect(await page.getByRole('columnheader', { name: 'Memory' }).getAttribute('aria-sort')).toBe(
      'ascending',
    );
    await page.getByText(/second \d\d:\d\d:\d\d UTC/).waitFor();
    await page.getByRole('radio', { name: /EST|EDT|GMT/ }).check({ force: true });
    await page.getByText(/second \d\d:\d\d:\d\d (EST|EDT|GMT-\d)/).waitFor();
    await context.close();
  });

  it('scrolls over 30,000 pods with a few dozen rows in the document', async () => {
    const { page, context } = await openPage(browser, dashboard.url, { path: '/?rows=pod' });
    await page.getByText('30,000 pods').waitFor({ timeout: 20_000 });
    const frames = await page.evaluate<number[]>(`new Promise((done) => {
      const times = []; let step = 0;
      const frame = (now) => {
        times.push(now);
        window.scrollBy(0, 400);
        if (++step < 120) requestAnimationFrame(frame);
        else done(times.slice(1).map((time, at) => time - times[at]));
      };
      requestAnimationFrame(frame);
    })`);
    const sorted = frames.toSorted((a, b) => a - b);
    console.log(
      `scrolling: median frame ${sorted[60]?.toFixed(1)} ms, 95 % within ${sorted[113]?.toFixed(1)} ms`,
    );
    await page.evaluate('window.scrollTo(0, document.body.scrollHeight)');
    await page.locator('[aria-rowindex="30001"] data').first().waitFor();
    expect(await rows(page).count()).toBeLessThan(80);
    expect(sorted[60]).toBeLessThan(100);
    await context.close();
  });

  it('copies every digit of the money in a selection', async () => {
    const { page, context } = await openPage(browser, dashboard.url);
    await live(page);
    const copied = await page.evaluate<[string, string]>(`(() => {
      const amount = document.querySelector('section[aria-label=Rate] data');
      getSelection().selectAllChildren(amount);
      const event = new ClipboardEvent('copy', { clipboardData: new DataTransfer(), bubbles: true });
      amount.dispatchEvent(event);
      return [event.clipboardData.getData('text/plain'), amount.value];
    })()`);
    expect(copied[0]).toBe(copied[1]);
    expect(copied[0]).toMatch(/^\d+\.\d{5,12}$/);
    await context.close();
  });

  it.each(['light', 'dark'] as const)('has no serious finding of axe-core in %s', async (colorScheme) => {
    const { page, context } = await openPage(browser, dashboard.url, { colorScheme });
    await live(page);
    await rows(page).nth(5).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByRole('button', { name: 'Display' }).click();
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.goto(`${dashboard.url}/?rows=node`);
    await page.getByText(/^60 nodes/).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.goto(`${dashboard.url}/login`);
    await page.getByLabel('Login link').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await context.close();
  });

  it('shows a second at most two seconds after it was sent', async () => {
    const { page, context } = await openPage(browser, dashboard.url, { path: '/?tz=utc' });
    await live(page);
    const sent = new Map<string, number>();
    fake.onEmit = (second) => sent.set(new Date(second * 1000).toISOString().slice(11, 19), Date.now());
    await page.waitForTimeout(1500);
    const delays: number[] = [];
    for (let at = 0; at < 8; at += 1) {
      const before = await shownSecond(page);
      await eventually(async () => (await shownSecond(page)) !== before, 10);
      const from = sent.get(await shownSecond(page));
      if (from !== undefined) delays.push(Date.now() - from);
    }
    fake.onEmit = () => undefined;
    console.log(`sent to shown: ${delays.map((delay) => `${delay} ms`).join(', ')}`);
    expect(delays.length).toBeGreaterThan(5);
    expect(Math.max(...delays)).toBeLessThan(2000);
    await context.close();
  });

  it('rests while its tab is hidden, and is whole again when it comes back', async () => {
    const { page, context } = await openPage(browser, dashboard.url, { path: '/?by=cluster' });
    await live(page);
    await setHidden(page, true);
    const requests: string[] = [];
    page.on('request', (request) => requests.push(request.url()));
    const hidden = await rate(page);
    await page.waitForTimeout(4500);
    expect(await rate(page)).toBe(hidden);
    expect(requests).toEqual([]);
    await setHidden(page, false);
    await eventually(async () => (await rate(page)) !== hidden);
    expect(await page.getByText('no collector reported').count()).toBeGreaterThan(0);
    await context.close();
  });

  it('changes figures seldom for those who want less motion', async () => {
    const { page, context } = await openPage(browser, dashboard.url, { reducedMotion: 'reduce' });
    await live(page);
    await page.waitForTimeout(1000);
    const first = await rate(page);
    await page.waitForTimeout(3000);
    expect(await rate(page)).toBe(first);
    await context.close();
  });

  it('keeps the choice of colours', async () => {
    const { page, context } = await openPage(browser, dashboard.url, { colorScheme: 'light' });
    await live(page);
    await page.getByRole('button', { name: 'Display' }).click();
    await page.getByRole('radio', { name: 'Dark' }).check({ force: true });
    await page.reload();
    const background = await page.evaluate('getComputedStyle(document.documentElement).backgroundColor');
    expect(background).toBe('rgb(12, 14, 18)');
    await context.close();
  });

  it('fits a phone: nothing is wider than the screen', async () => {
    const { page, context } = await openPage(browser, dashboard.url, {
      viewport: { width: 390, height: 844 },
    });
    await live(page);
    await rows(page).nth(3).waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    await context.close();
  });

  it('answers a session that is over with the login', async () => {
    const response = await fetch(`${dashboard.url}/`, {
      headers: { cookie: sessionCookie(undefined, -5) },
      redirect: 'manual',
    });
    expect(response.headers.get('location')).toBe('/login');
  });
});

describeWith([chromium, builtDashboard], 'the live page of an empty hub', () => {
  it('says what to do next', async () => {
    const fake = new FakeControlPlane({ pods: 0, nodes: 0 });
    const dashboard = await DashboardProcess.start(await fake.start(), fake.token);
    const browser = await launchChromium();
    try {
      const { page } = await openPage(browser, dashboard.url);
      await page.getByRole('heading', { name: 'No cost yet' }).waitFor();
      await page.getByText('kubehero doctor').waitFor();
      expect(await seriousFindings(page)).toEqual([]);
    } finally {
      await browser.close();
      await dashboard.stop();
      await fake.stop();
    }
  });
});

const shownSecond = async (page: Page): Promise<string> =>
  /second (\d\d:\d\d:\d\d)/.exec(await page.locator('section[aria-label=Rate]').innerText())?.[1] ?? '';

/** Makes the page believe that its tab is hidden: a browser without windows never hides one. */
async function setHidden(page: Page, hidden: boolean): Promise<void> {
  await page.evaluate(`Object.defineProperty(document, 'hidden', { value: ${hidden}, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'))`);
}

/** Waits until a condition holds; fails after thirty seconds. */
async function eventually(condition: () => Promise<boolean>, everyMs = 100): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('it did not come true within 30 s');
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
