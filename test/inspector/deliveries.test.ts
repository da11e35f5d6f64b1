/**
 * The list of deliveries in a real browser, by keyboard.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keepScreenshot, noBrowser, PHONE, startLab, type Lab } from './browser.ts';

describe.skipIf(noBrowser !== null)(`the list of deliveries${noBrowser ?? ''}`, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab();
    await lab.api.register(lab.receiver.url);
    await lab.api.send('POST', '/_sandbox/events', { event: 'email.opened', count: 150 });
    await lab.api.trigger('email.replied', { data: { lead_email: 'sarah@acme.example' } });
    await lab.api.advance({ by: '1s' });
  });
  afterAll(() => lab[Symbol.asyncDispose]());

  test('has only the rows in view, and reads further pages as it is scrolled', async () => {
    const page = await lab.open();
    const rows = page.locator('.sizer .row');
    await expect.poll(() => rows.count()).toBeGreaterThan(10);
    expect(await rows.count()).toBeLessThan(80);
    expect(await rows.first().innerText()).toMatch(
      /email\.replied[^]*sarah@acme\.example[^]*pending[^]*401/,
    );
    await page.getByRole('grid').evaluate((grid) => grid.scrollTo(0, 1e6));
    await expect.poll(() => page.locator('.summary').innerText()).toMatch(/^151\b/);
    await keepScreenshot(page, 'deliveries');
    expect(lab.problems).toEqual([]);
  });

  test('is read by keyboard: j, k, Enter, Escape, /, ?', async () => {
    const page = await lab.open();
    await page.locator('.sizer .row').first().waitFor();
    await page.keyboard.type('jjk');
    await page.locator('.row.current').getByText('sarah@acme.example').waitFor();
    await page.keyboard.press('Enter');
    await expect.poll(() => page.url()).toMatch(/#\/deliveries\/dlv_/);
    await page.keyboard.press('Escape');
    await expect.poll(() => page.url()).toMatch(/#\/deliveries$/);
    await page.keyboard.type('?');
    await page.getByRole('dialog', { name: 'Keys and filter' }).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.type('/lead:sarah');
    await expect.poll(() => page.locator('.sizer .row').count()).toBe(1);
    expect(page.url()).toContain('q=lead%3Asarah');
  });

  test('completes the filter, and says what is wrong with it', async () => {
    const page = await lab.open();
    await page.keyboard.type('/stat');
    await page.getByRole('option', { name: /status:/ }).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.keyboard.type('pend');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Tab');
    await expect
      .poll(() => page.getByRole('combobox', { name: 'Filter' }).inputValue())
      .toBe('status:pending ');
    await expect.poll(() => page.locator('.sizer .row').count()).toBe(1);
    await page.keyboard.type('colour:red');
    await page.getByText('Unknown key "colour".').waitFor();
  });

  test('a filter is in the URL, survives live events, and can mark instead of hide', async () => {
    const page = await lab.open('#/deliveries?q=event:email.clicked');
    await page.getByText('No delivery matches').waitFor();
    await lab.api.trigger('email.clicked');
    await lab.api.trigger('email.sent');
    await lab.api.advance({ by: '1s' });
    await expect.poll(() => page.locator('.sizer .row').count()).toBe(1);
    expect(await page.locator('.sizer .row').innerText()).toMatch(/email\.clicked[^]*delivered/);
    await page.getByRole('button', { name: 'Highlight' }).click();
    await expect.poll(() => page.locator('.row.marked').count()).toBe(1);
    await expect.poll(() => page.locator('.sizer .row').count()).toBeGreaterThan(5);
    expect(page.url()).toContain('mark=1');
  });

  test('the clock marks planned attempts whatever the list shows', async () => {
    const page = await lab.open('#/deliveries?q=lead:missing@');
    await page.getByText('No delivery matches').waitFor();
    // sarah@acme.example waits for three attempts.
    await expect.poll(() => page.locator('.due-mark').count()).toBe(3);
  });

  test('an answer that was read before an attempt does not undo it', async () => {
    const page = await lab.open('#/deliveries?q=lead:overtaken@');
    await page.getByText('No delivery matches').waitFor();
    let held = 0;
    let release = (): void => undefined;
    const isReleased = new Promise<void>((resolve) => {
      release = resolve;
    });
    await page.route('**/_sandbox/deliveries?filter=*', async (route) => {
      const response = await route.fetch();
      held += 1;
      await isReleased;
      return route.fulfill({ response });
    });
    await lab.api.send('PUT', '/_sandbox/clock', { mode: 'frozen' });
    const data = { lead_email: 'overtaken@lead.example' };
    const id = await lab.api.trigger('email.replied', { data });
    await expect.poll(() => held).toBeGreaterThan(0);
    await lab.api.advance({ until: 'settled' });
    const row = page.locator(`#row-${id}`);
    await row.getByText('dead').waitFor();
    const isHere = page.waitForResponse('**/_sandbox/deliveries?filter=*');
    release();
    await (await isHere).finished();
    // Two frames: the answer is parsed, and the view has changed if it changes at all.
    await page.evaluate(
      `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))`,
    );
    expect(await row.innerText()).toMatch(/dead/);
  });

  test('rows that begin to match stand where their age puts them', async () => {
    const id = await lab.api.register(lab.receiver.url);
    for (const lead of ['older', 'newer']) {
      const data = { lead_email: `${lead}@lead.example` };
      await lab.api.trigger('email.bounced', { id: `evt_${lead}`, data, webhook_id: id });
    }
    await lab.api.advance({ until: 'settled' });
    const page = await lab.open('#/deliveries?q=status:acknowledged');
    await page.getByText('No delivery matches').waitFor();
    const leads = page.locator('.sizer .lead');
    for (const [lead, order] of [
      ['newer', /newer/],
      ['older', /newer[^]*older/],
    ] as const) {
      await lab.api.send('POST', `/v1/webhooks/${id}/failed-events/evt_${lead}/acknowledge`);
      await expect.poll(async () => (await leads.allInnerTexts()).join(' ')).toMatch(order);
    }
    await lab.api.send('DELETE', `/v1/webhooks/${id}`);
  });

  test('a paused stream holds events back, and says how many', async () => {
    const page = await lab.open();
    await page.locator('.sizer .row').first().waitFor();
    await page.keyboard.press('p');
    await lab.api.trigger('email.unsubscribed', { data: { lead_email: 'later@acme.example' } });
    await lab.api.advance({ by: '1s' });
    await page.getByRole('button', { name: /Resume \(\d+ new\)/ }).waitFor();
    expect(await page.getByText('later@acme.example').count()).toBe(0);
    await page.keyboard.press('p');
    await page.getByText('later@acme.example').waitFor();
  });

  test('fits a phone', async () => {
    const page = await lab.open('', PHONE);
    await page.locator('.sizer .row').first().waitFor();
    const width = await page.evaluate<number>('document.documentElement.scrollWidth');
    expect(width).toBe(PHONE.width);
    await keepScreenshot(page, 'deliveries-phone');
  });
});
