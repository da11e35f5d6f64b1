/**
 * The filter over more deliveries than are loaded, in a real browser.
 *
 * @module
 */
import { AxeBuilder } from '@axe-core/playwright';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keepScreenshot, noBrowser, PHONE, startLab, type Lab } from './browser.ts';

/** More than are searched without asking, beside the interesting ones. */
const BATCH = 8000;

describe.skipIf(noBrowser !== null)(`a filter over 24,000 deliveries${noBrowser ?? ''}`, () => {
  let lab: Lab;
  const trigger = (count: number, lead: string) =>
    lab.api.send('POST', '/_sandbox/events', {
      event: 'email.sent',
      count,
      data: { lead_email: lead },
    });
  beforeAll(async () => {
    lab = await startLab();
    await lab.api.register(lab.receiver.url);
    const oldest = await lab.api.trigger('email.sent', {
      data: { lead_email: 'sarah@acme.example' },
    });
    await trigger(BATCH, 'other@lead.example');
    await trigger(BATCH, 'other@lead.example');
    await lab.api.send('POST', `/_sandbox/deliveries/${oldest}/redeliver`, { signature: 'wrong' });
    await trigger(BATCH, 'other@lead.example');
    await lab.api.advance({ until: 'settled' });
  }, 240_000);
  afterAll(() => lab[Symbol.asyncDispose]());

  test('finds a lead that no loaded row has, and asks before it searches more than 20,000', async () => {
    const page = await lab.open();
    const rows = page.locator('.sizer .row');
    await rows.first().waitFor();
    await page.keyboard.type('/lead:sarah@ -is:forged');
    const summary = page.locator('.summary');
    await expect.poll(() => summary.innerText()).toContain('0 found, searched 20000 of 24002');
    await page.getByText('None of 20000 deliveries searched matches lead:sarah@').waitFor();
    expect(await page.getByRole('status').textContent()).toBe(
      'Searched 20000 of 24002 deliveries: 0 found.',
    );
    await keepScreenshot(page, 'searched');
    await page.getByRole('button', { name: 'Search on' }).focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => rows.count()).toBe(1);
    expect(await rows.innerText()).toMatch(/sarah@acme\.example[^]*delivered/);
    await expect.poll(() => summary.innerText()).toContain('1 of 24002');
    // The button is gone; the focus is not.
    expect(await page.evaluate('document.activeElement.id')).toBe('filter');
    expect(lab.problems).toEqual([]);
  });

  test('finds what is less old without asking, and goes on from there', async () => {
    const page = await lab.open('#/deliveries?q=is:forged', PHONE);
    await expect.poll(() => page.locator('.sizer .row').count()).toBe(1);
    await expect.poll(() => page.locator('.summary').innerText()).toContain('1 of 24002');
  });

  test('fits a phone while it asks', async () => {
    const page = await lab.open('#/deliveries?q=id:dlv_1_', PHONE);
    await page.getByText('No match so far').waitFor();
    await page.getByRole('button', { name: 'Search on' }).waitFor();
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBe(PHONE.width);
    await keepScreenshot(page, 'searched-phone');
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  });

  test('keeps up with new deliveries while it shows old ones', async () => {
    const page = await lab.open('#/deliveries?q=acme');
    await expect.poll(() => page.locator('.sizer .row').count()).toBe(2);
    await lab.api.trigger('email.sent', { data: { lead_email: 'mike@acme.example' } });
    await lab.api.advance({ by: '1s' });
    await expect.poll(() => page.locator('.sizer .row').count()).toBe(3);
    await expect.poll(() => page.locator('.summary').innerText()).toContain('3 of 24003');
    await expect
      .poll(() => page.locator('.sizer .row').first().innerText())
      .toMatch(/mike@acme\.example[^]*delivered/);
  });
});
