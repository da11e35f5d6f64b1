/**
 * A real Chromium, a sandbox and a receiver for the inspector's tests.
 *
 * @module
 */
import { existsSync, mkdirSync } from 'node:fs';
import { chromium, type Browser, type Page } from 'playwright-core';
import { createMock, type Mock } from '../../src/create-mock.ts';
import { apiOf, type Api } from '../support/api.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';

const PLACES = [
  process.env['CHROMIUM_PATH'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** Where a Chromium is; undefined if it is missing. */
export const chromiumPath = PLACES.find((path) => path !== undefined && existsSync(path));

/** For `describe.skipIf`: the reason is part of the title. */
export const noBrowser =
  chromiumPath === undefined
    ? 'skipped: no Chromium found; install one (apt-get install chromium) or set CHROMIUM_PATH'
    : null;

/** Ends a wait for what never comes, before the test's own limit does, which names no element. */
const MAX_WAIT_MS = 110_000;

export const DESKTOP = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };

export interface Lab {
  readonly browser: Browser;
  readonly mock: Mock;
  readonly api: Api;
  readonly receiver: Receiver;
  /** Opens the page at a hash and waits for the clock, i.e. for the first data. */
  open(hash?: string, size?: typeof DESKTOP, scheme?: 'light' | 'dark'): Promise<Page>;
  /** Messages of scripts that failed, and what the content policy refused. */
  readonly problems: string[];
  [Symbol.asyncDispose](): Promise<void>;
}

/** Screenshots are kept for people to look at. */
export const keepScreenshot = async (page: Page, name: string): Promise<void> => {
  mkdirSync('.tmp/inspector', { recursive: true });
  await page.screenshot({ path: `.tmp/inspector/${name}.png` });
};

/** Answers by event type; anything else gets 200. */
export const ANSWERS: Readonly<Record<string, readonly [status: number, body: string]>> = {
  'email.replied': [401, 'signature mismatch <script>alert(1)</script> \u001b[31m\u0000'],
  'email.bounced': [503, '{"error":"maintenance"}'],
};

export const startLab = async (): Promise<Lab> => {
  const browser = await chromium.launch({
    ...(chromiumPath === undefined ? {} : { executablePath: chromiumPath }),
    args: ['--no-sandbox'],
  });
  const receiver = await startReceiver((request, response) => {
    const { event } = JSON.parse(request.body) as { event: string };
    const [status, body] = ANSWERS[event] ?? [200, '{"received":true}'];
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  });
  const mock = await createMock({ clock: 'frozen', rateLimit: false, seed: 7 });
  const problems: string[] = [];
  return {
    browser,
    mock,
    api: apiOf(mock.url),
    receiver,
    problems,
    open: async (hash = '', size = DESKTOP, scheme = 'light') => {
      const context = await browser.newContext({ viewport: size, colorScheme: scheme });
      context.setDefaultTimeout(MAX_WAIT_MS);
      await context.grantPermissions(['clipboard-read', 'clipboard-write']);
      const page = await context.newPage();
      page.on('pageerror', (error) => problems.push(error.message));
      page.on('console', (message) => {
        if (/content security policy|trusted/i.test(message.text())) problems.push(message.text());
      });
      await page.goto(`${mock.url}/${hash}`);
      await page.getByRole('region', { name: 'Clock' }).waitFor();
      return page;
    },
    [Symbol.asyncDispose]: async () => {
      await browser.close();
      await mock.close();
      await receiver[Symbol.asyncDispose]();
    },
  };
};
