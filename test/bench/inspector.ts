/**
 * The inspector in Chromium: its size, its first paint over 100,000 deliveries, its worst frame and memory while 1,000
 * attempts a second arrive, and its memory after an hour of the account's clock.
 *
 * @module
 */
import { gzipSync } from 'node:zlib';
import { chromium, type Browser, type Page } from 'playwright-core';
import { createMock, type Mock } from '../../src/create-mock.ts';
import { chromiumPath } from '../inspector/browser.ts';
import { apiOf } from '../support/api.ts';
import { startReceiver } from '../support/receiver.ts';
import { startReceiver as startStatus } from './support.ts';

const DELIVERIES = 100_000;
const BATCH = 10_000;
const PER_SECOND = 1000;
const LIVE_MS = 15_000;
const ROUNDS = 7;
const HOUR_MS = 3_600_000;
/** Of the account's clock: the hour takes a minute. */
const RATE = 60;
/** Rows that the page reads at first. */
const FIRST_PAGE = 100;
/** Rows that the page keeps. */
const MAX_ROWS = 20_000;
/** Every 100 ms, i.e. 6 s of the account's clock: 36,000 events in the hour, of which a fifth fails and is retried. */
const SENT_EACH = 48;
const BOUNCED_EACH = 12;

const sizeOf = async ({ url }: Mock): Promise<number> => {
  const html = await (await fetch(url)).text();
  const paths = [...html.matchAll(/"(\/inspector\/[^"]+)"/g)].map((match) => match[1]!);
  const texts = await Promise.all(paths.map(async (path) => (await fetch(url + path)).text()));
  return [html, ...texts].reduce((sum, text) => sum + gzipSync(text).length, 0);
};

const firstPaint = async (page: Page): Promise<number> => {
  await page.reload();
  await page.locator('.sizer .row').first().waitFor();
  return page.evaluate<number>(
    `performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0`,
  );
};

const WATCH_FRAMES = `
  globalThis.worst = 0;
  let last = performance.now();
  const frame = (at) => { worst = Math.max(worst, at - last); last = at; requestAnimationFrame(frame); };
  requestAnimationFrame(frame);
`;

const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

/** @returns how many events were sent */
const runLive = async (trigger: (count: number) => Promise<unknown>): Promise<number> => {
  const batch = PER_SECOND / 10;
  const start = performance.now();
  let sent = 0;
  while (performance.now() - start < LIVE_MS) {
    await trigger(batch);
    sent += batch;
    const ahead = (sent / PER_SECOND) * 1000 - (performance.now() - start);
    await sleep(Math.max(ahead, 0));
  }
  return sent;
};

/** Waits until the page has followed the traffic: its figures mean nothing before. */
const shows = (page: Page, text: string): Promise<void> =>
  page.locator('.summary', { hasText: text }).waitFor();

/** The script's heap in MB, without garbage. */
const heapOf = async (page: Page): Promise<number> => {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.enable');
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return usedSize / 1e6;
};

/** Memory of a page that was open for an hour of the account's clock, with traffic and retries all the time. */
const hourFigures = async (browser: Browser): Promise<Record<string, number>> => {
  await using good = await startStatus(200);
  await using bad = await startStatus(503);
  await using mock = await createMock({ clock: 'realtime', rateLimit: false });
  const api = apiOf(mock.url);
  await api.register(good.url, { events: ['email.sent'] });
  await api.register(bad.url, { events: ['email.bounced'] });
  await api.send('PUT', '/_sandbox/clock', { mode: 'scaled', rate: RATE });
  const trigger = (event: string, count: number) =>
    api.send('POST', '/_sandbox/events', { event, count });
  const page = await browser.newPage();
  await page.goto(mock.url);
  await trigger('email.sent', 1);
  await page.locator('.sizer .row').first().waitFor();
  const before = await heapOf(page);
  const now = async (): Promise<number> => Date.parse((await api.get('/_sandbox/clock')).data.now);
  const end = (await now()) + HOUR_MS;
  for (let at = performance.now(); (await now()) < end; at += 100) {
    await trigger('email.sent', SENT_EACH);
    await trigger('email.bounced', BOUNCED_EACH);
    await sleep(Math.max(at + 100 - performance.now(), 0));
  }
  const { data } = await api.get<{ attempts_made: number }[]>(
    '/_sandbox/deliveries?status=dead&limit=1',
  );
  if (data[0]?.attempts_made !== 4) throw new Error('No delivery was retried to its end.');
  await shows(page, `${MAX_ROWS} newest`);
  const after = await heapOf(page);
  await page.close();
  return { hour_mb: after, hour_before_mb: before };
};

/** @returns null where no Chromium is found */
export const inspectorFigures = async (): Promise<Record<string, number> | null> => {
  if (chromiumPath === undefined) return null;
  await using receiver = await startReceiver();
  await using mock = await createMock({ clock: 'skip', rateLimit: false });
  const api = apiOf(mock.url);
  await api.register(receiver.url);
  const trigger = (count: number) =>
    api.send('POST', '/_sandbox/events', { event: 'email.sent', count });
  for (let made = 0; made < DELIVERIES; made += BATCH) await trigger(BATCH);
  await api.advance({ until: 'settled' });
  const browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] });
  try {
    const page = await browser.newPage();
    await page.goto(mock.url);
    const paints: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) paints.push(await firstPaint(page));
    await page.evaluate(WATCH_FRAMES);
    const sent = await runLive(trigger);
    await shows(page, `${FIRST_PAGE + sent} loaded`);
    const live = {
      gzip_kb: (await sizeOf(mock)) / 1000,
      paint_ms: paints.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0,
      frame_ms: await page.evaluate<number>('worst'),
      heap_mb: (await page.evaluate<number>('performance.memory.usedJSHeapSize')) / 1e6,
    };
    await page.close();
    return { ...live, ...(await hourFigures(browser)) };
  } finally {
    await browser.close();
  }
};
