/**
 * The page under stress: a restart, a key that is not accepted, two tabs, hostile sizes, many deliveries.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { createMock } from '../../src/create-mock.ts';
import { apiOf, SECRET } from '../support/api.ts';
import { startReceiver } from '../support/receiver.ts';
import { keepScreenshot, noBrowser, startLab, type Lab } from './browser.ts';

describe.skipIf(noBrowser !== null)(`the page stays right${noBrowser ?? ''}`, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab();
  });
  afterAll(() => lab[Symbol.asyncDispose]());

  const newPage = async (url: string): Promise<Page> => {
    const page = await (await lab.browser.newContext()).newPage();
    page.on('pageerror', (error) => lab.problems.push(error.message));
    await page.goto(url);
    return page;
  };

  test('when the sandbox restarts: says so, reconnects, reads everything again', async () => {
    const first = await createMock({ clock: 'frozen' });
    const { port } = new URL(first.url);
    const page = await newPage(first.url);
    await page.getByText('No deliveries yet').waitFor();
    await first.close();
    await page.getByText('The sandbox does not answer. Reconnecting…').waitFor();
    await using second = await createMock({ clock: 'frozen', port: Number(port) });
    const api = apiOf(second.url);
    await api.register(lab.receiver.url);
    await api.trigger('email.sent', { data: { lead_email: 'after@restart.example' } });
    await page.getByText('after@restart.example').waitFor();
    await page.getByRole('status').getByText('Connected again.').waitFor();
  });

  test('when a key is not accepted: asks for another, and opens its account', async () => {
    await using mock = await createMock({ apiKeys: ['the-only-key'] });
    const page = await newPage(mock.url);
    await page.getByText('The sandbox does not accept this key').waitFor();
    await keepScreenshot(page, 'refused');
    await page.getByLabel('API key').fill('the-only-key');
    await page.keyboard.press('Enter');
    await page.getByText('No deliveries yet').waitFor();
    expect(page.url()).not.toContain('the-only-key');
  });

  test('in two tabs, which see the same', async () => {
    await lab.api.register(lab.receiver.url);
    const [one, two] = [await lab.open(), await lab.open()];
    await one.keyboard.press('t');
    await one.getByRole('dialog').getByLabel('lead_email').fill('both@tabs.example');
    await one.getByRole('button', { name: 'Trigger email.replied' }).click();
    await two.locator('.sizer').getByText('both@tabs.example').waitFor();
  });

  test('when an older answer comes after a newer one: the newer one stays', async () => {
    const page = await lab.open();
    let reads = 0;
    let release = (): void => undefined;
    const isReleased = new Promise<void>((resolve) => {
      release = resolve;
    });
    await page.route('**/_sandbox/sinks', async (route) => {
      const response = await route.fetch();
      reads += 1;
      // The page has asked for the second list because of an attempt; the first is as old as the page.
      if (reads === 1) await isReleased;
      return route.fulfill({ response });
    });
    await page.keyboard.press('g');
    await page.keyboard.press('s');
    await expect.poll(() => reads).toBe(1);
    await lab.api.send('PUT', '/_sandbox/sinks/newest/settings', { status: 204 });
    await lab.api.register(lab.receiver.url);
    await lab.api.trigger('email.sent');
    await lab.api.advance({ by: '1s' });
    const newest = page.getByRole('main').getByText('newest');
    await newest.waitFor();
    const isHere = page.waitForResponse('**/_sandbox/sinks');
    release();
    await (await isHere).finished();
    // Two frames: the answer is parsed, and the view has changed if it changes at all.
    await page.evaluate(
      `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))`,
    );
    expect(await newest.count()).toBe(1);
  });

  test('when a receiver answers a megabyte of control characters in one word', async () => {
    await using hostile = await startReceiver((_request, response) => {
      response.writeHead(500, { 'x-long': 'x'.repeat(4000) });
      response.end('\u0000\u001b]0;title\u0007</pre><script>'.repeat(40_000));
    });
    const id = await lab.api.register(`${hostile.url}/${'long'.repeat(400)}`);
    const { deliveries } = (
      await lab.api.send('POST', '/_sandbox/events', { event: 'email.sent', webhook_id: id })
    ).data;
    await lab.api.advance({ by: '1s' });
    const page = await lab.open(`#/deliveries/${deliveries[0].id}`);
    const body = page.getByRole('region', { name: 'Body of the response' });
    await expect.poll(() => body.innerText()).toContain('NULESC]0;titleBEL</pre><script>');
    await keepScreenshot(page, 'hostile');
    const width = await page.evaluate<number>('document.documentElement.scrollWidth');
    expect(width).toBe(1440);
    expect(lab.problems).toEqual([]);
  });

  test('with many deliveries: paints at once, filters on the server, has no long frame', async () => {
    await using mock = await createMock({ clock: 'skip' });
    const api = apiOf(mock.url);
    await api.send('POST', '/v1/webhooks', {
      url: lab.receiver.url,
      events: ['*'],
      secret: SECRET,
    });
    const dead = await api.trigger('email.bounced');
    await api.settled(dead);
    const page = await newPage(mock.url);
    await page.locator('.sizer .row').first().waitFor();
    await page.evaluate(`
      globalThis.worst = 0;
      let last = performance.now();
      const frame = (at) => { worst = Math.max(worst, at - last); last = at; requestAnimationFrame(frame); };
      requestAnimationFrame(frame);
    `);
    for (let round = 0; round < 5; round += 1) {
      await api.send('POST', '/_sandbox/events', { event: 'email.sent', count: 1000 });
    }
    await expect.poll(() => page.locator('.summary').innerText()).toMatch(/^5001\b/);
    expect(await page.locator('.sizer .row').count()).toBeLessThan(80);
    // On a machine that runs other tests beside; the figure alone is in the benchmark.
    expect(await page.evaluate<number>('worst')).toBeLessThan(2000);
    await page.goto(`${mock.url}/#/deliveries?q=status:dead`);
    await expect.poll(() => page.locator('.sizer .row').count()).toBe(1);
    await page.reload();
    await expect.poll(() => page.locator('.sizer .row').count()).toBe(1);
  });
});
