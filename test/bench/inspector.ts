/**
 * The inspector in Chromium: its size, its first paint over 100,000 deliveries, and its worst frame and memory while
 * 1,000 attempts a second arrive.
 *
 * @module
 */
import { gzipSync } from 'node:zlib';
import { chromium, type Page } from 'playwright-core';
import { createMock, type Mock } from '../../src/create-mock.ts';
import { chromiumPath } from '../inspector/browser.ts';
import { apiOf } from '../support/api.ts';
import { startReceiver } from '../support/receiver.ts';

const DELIVERIES = 100_000;
const BATCH = 10_000;
const PER_SECOND = 1000;
const LIVE_MS = 15_000;
const ROUNDS = 7;

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

const runLive = async (trigger: (count: number) => Promise<unknown>): Promise<void> => {
  const batch = PER_SECOND / 10;
  const start = performance.now();
  for (let sent = 0; performance.now() - start < LIVE_MS;) {
    await trigger(batch);
    sent += batch;
    const ahead = (sent / PER_SECOND) * 1000 - (performance.now() - start);
    await new Promise((resolve) => {
      setTimeout(resolve, Math.max(ahead, 0));
    });
  }
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
    await runLive(trigger);
    return {
      gzip_kb: (await sizeOf(mock)) / 1000,
      paint_ms: paints.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0,
      frame_ms: await page.evaluate<number>('worst'),
      heap_mb: (await page.evaluate<number>('performance.memory.usedJSHeapSize')) / 1e6,
    };
  } finally {
    await browser.close();
  }
};
