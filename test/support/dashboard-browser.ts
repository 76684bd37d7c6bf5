import axe from 'axe-core';
import {
  chromium,
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Page,
} from 'playwright-core';
import { sessionCookie } from './dashboard-http.js';
import { chromiumNames, findExecutable } from './executables.js';

/** Starts a Chromium of this machine without a window. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: findExecutable(...chromiumNames), args: ['--no-sandbox'] });
}

/** A page of the dashboard with what went wrong or abroad on it. */
export interface WatchedPage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Messages of the console that are errors or warnings, and exceptions. */
  readonly complaints: string[];
  /** Requests to any other host. */
  readonly foreign: string[];
  /** Compressed bytes of scripts, as they came over the wire. */
  readonly scriptBytes: () => number;
}

/** Opens a page as somebody who is logged in, or not. */
export async function openPage(
  browser: Browser,
  base: string,
  options: BrowserContextOptions & { readonly path?: string; readonly loggedIn?: boolean } = {},
): Promise<WatchedPage> {
  const { path = '/', loggedIn = true, ...rest } = options;
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...rest });
  if (loggedIn) {
    const [name = '', value = ''] = sessionCookie().split(/=(.*)/s);
    await context.addCookies([{ name, value, url: base }]);
  }
  const page = await context.newPage();
  const complaints: string[] = [];
  const foreign: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  context.on('request', (request) => {
    if (new URL(request.url()).origin !== base) foreign.push(request.url());
  });
  const scriptBytes = await countScriptBytes(page);
  await page.goto(base + path);
  return { page, context, complaints, foreign, scriptBytes };
}

async function countScriptBytes(page: Page): Promise<() => number> {
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  const scripts = new Set<string>();
  let bytes = 0;
  session.on('Network.responseReceived', (event) => {
    if (event.response.url.endsWith('.js')) scripts.add(event.requestId);
  });
  session.on('Network.loadingFinished', (event) => {
    if (scripts.has(event.requestId)) bytes += event.encodedDataLength;
  });
  return () => bytes;
}

interface Finding {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly html: string }[];
}

/** Serious and critical findings of axe-core; its script goes past the page's policy through the debugger. */
export async function seriousFindings(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<{ violations: readonly Finding[] }>('axe.run()');
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
}
