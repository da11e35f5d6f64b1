/**
 * What the page does: trigger, redeliver, edit, forge, webhooks, dead letters, faults, the account, the clock.
 *
 * @module
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { checkSigned } from './signed.ts';
import { keepScreenshot, noBrowser, startLab, type Lab } from './browser.ts';

describe.skipIf(noBrowser !== null)(`the page acts${noBrowser ?? ''}`, () => {
  let lab: Lab;
  let webhook: string;
  beforeAll(async () => {
    lab = await startLab();
  });
  beforeEach(async () => {
    await lab.api.send('POST', '/_sandbox/reset');
    webhook = await lab.api.register(lab.receiver.url);
  });
  afterAll(() => lab[Symbol.asyncDispose]());

  const openDelivery = async (event = 'email.opened'): Promise<[Page, string]> => {
    const id = await lab.api.trigger(event);
    await lab.api.advance({ by: '1s' });
    const page = await lab.open(`#/deliveries/${id}`);
    await page.getByRole('button', { name: /^Attempt 1/ }).waitFor();
    return [page, id];
  };
  const dialog = (page: Page, name: string) => page.getByRole('dialog', { name });
  const latest = async () => (await lab.api.get('/_sandbox/deliveries?limit=1')).data[0];

  test('triggers an event from its form, checked as it is typed', async () => {
    const page = await lab.open();
    await page.getByText('No deliveries yet').waitFor();
    await page.keyboard.press('t');
    const form = dialog(page, 'Trigger an event');
    await form.getByLabel('sequence_step').fill('many');
    await form.getByText('sequence_step is "many". Pass a whole number.').waitFor();
    await form.getByLabel('sequence_step').fill('3');
    await form.getByLabel('reply_sentiment').selectOption('negative');
    await expect
      .poll(() => form.getByRole('textbox', { name: 'Raw JSON' }).inputValue().then(JSON.parse))
      .toEqual({ sequence_step: 3, reply_sentiment: 'negative' });
    await form.getByRole('button', { name: 'Trigger email.replied' }).click();
    await page.getByRole('heading', { name: 'email.replied' }).waitFor();
    const { body } = await lab.api.delivery((await latest()).id);
    expect(JSON.parse(body).data).toMatchObject({ sequence_step: 3, reply_sentiment: 'negative' });
  });

  test('redelivers the same bytes, and selects the new delivery', async () => {
    const [page, id] = await openDelivery();
    await page.keyboard.press('r');
    await expect.poll(async () => (await latest()).redelivery_of).toBe(id);
    await expect.poll(() => page.url()).toContain((await latest()).id);
    const [before, after] = await Promise.all([
      lab.api.delivery(id),
      lab.api.delivery((await latest()).id),
    ]);
    expect(after.body).toBe(before.body);
  });

  test('shows the difference to the body sent while it is edited, byte for byte', async () => {
    const [page, id] = await openDelivery();
    const { body } = await lab.api.delivery(id);
    await page.keyboard.press('e');
    const form = dialog(page, 'Edit and resend');
    const field = form.getByRole('textbox', { name: 'Body' });
    await form.getByText(`The same ${Buffer.byteLength(body)} bytes.`).waitFor();
    await field.focus();
    await page.keyboard.press('Control+Home');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.type(' \u00e9');
    const difference = form.getByRole('region', { name: 'Difference' });
    await expect.poll(() => difference.locator('ins').allInnerTexts()).toEqual([' \u00e9']);
    const size = Buffer.byteLength(body);
    await form.getByText(`${size} bytes before, ${size + 3} bytes after.`).waitFor();
    await page.keyboard.press('Control+End');
    await page.keyboard.press('Backspace');
    await expect.poll(() => difference.locator('del').allInnerTexts()).toEqual(['}']);
    await keepScreenshot(page, 'edit');
    // The focus stays where it is typed.
    expect(await field.evaluate((element) => element === document.activeElement)).toBe(true);
    await form.getByRole('button', { name: 'Restore' }).click();
    await form.getByText(`The same ${size} bytes.`).waitFor();
  });

  test('edits the body and sends it, validly signed', async () => {
    const [page, id] = await openDelivery();
    await page.keyboard.press('e');
    const form = dialog(page, 'Edit and resend');
    const field = form.getByRole('textbox', { name: 'Body' });
    await field.fill('{"event": "email.op');
    await form.getByText(/Not JSON \(it is sent all the same\)/).waitFor();
    await field.fill('{"event":"email.opened","x":1}');
    await form.getByRole('button', { name: 'Send the edited body' }).click();
    await expect.poll(async () => (await latest()).redelivery_of).toBe(id);
    const sent = await lab.api.settled((await latest()).id);
    expect(sent.body).toBe('{"event":"email.opened","x":1}');
    checkSigned(sent);
  });

  test('forges by one key: unsigned; twice at once', async () => {
    const [page] = await openDelivery();
    await page.keyboard.press('f');
    await dialog(page, 'Forge this delivery')
      .getByRole('button', { name: /Unsigned/ })
      .waitFor();
    await keepScreenshot(page, 'forge');
    await page.keyboard.press('1');
    await page.getByText('signature missing').waitFor();
    const unsigned = await lab.api.settled((await latest()).id);
    expect(unsigned.attempts[0]?.request.headers.map(([name]) => name)).toEqual(['Content-Type']);

    const before = lab.receiver.received.length;
    await page.keyboard.press('f');
    await dialog(page, 'Forge this delivery')
      .getByRole('button', { name: /Twice at once/ })
      .click();
    await lab.receiver.arrived(before + 2);
  });

  test('registers, pauses, edits and deletes a webhook; rotates its secret', async () => {
    const page = await lab.open('#/webhooks');
    await page.getByRole('button', { name: 'Register a webhook' }).click();
    const form = dialog(page, 'Register a webhook');
    await form.getByLabel('URL of the receiver').fill('http://localhost:3000/second');
    for (const name of ['email.sent', 'email.opened']) await form.getByLabel(name).uncheck();
    await form.getByRole('button', { name: 'Register' }).click();
    const card = page.getByRole('listitem').filter({ hasText: '/second' });
    await card.getByText('email.replied').waitFor();
    await card.getByRole('button', { name: 'Pause' }).click();
    await card.getByText('paused').waitFor();
    await card.getByRole('button', { name: 'Rotate secret' }).click();
    await page.getByRole('dialog').getByLabel('New signing secret').fill('whsec_another-secret');
    await page.getByRole('dialog').getByRole('button', { name: 'Rotate' }).click();
    await page.getByText('signs with the new secret').first().waitFor();
    expect(await page.content()).not.toContain('whsec_another-secret');
    await card.getByRole('button', { name: 'Delete' }).click();
    await card.waitFor({ state: 'detached' });
  });

  test('redelivers and acknowledges dead letters: a selection, then all', async () => {
    await lab.api.send('POST', '/_sandbox/events', { event: 'email.bounced', count: 3 });
    await lab.api.advance({ until: 'settled' });
    const page = await lab.open('#/dead-letters');
    await page.getByRole('button', { name: 'Redeliver all 3' }).waitFor();
    await page
      .getByRole('checkbox', { name: /Select email.bounced/ })
      .first()
      .check();
    await page.getByRole('button', { name: 'Acknowledge 1 selected' }).click();
    await page.getByRole('button', { name: 'Acknowledge all 2' }).click();
    await page.getByText('No dead letters.').waitFor();
    expect((await lab.api.get(`/v1/webhooks/${webhook}/failed-events`)).data).toEqual([]);
  });

  test('adds a fault, shows what it does, removes it', async () => {
    const page = await lab.open('#/faults');
    await page.getByRole('combobox', { name: 'Fault', exact: true }).selectOption('tampered_body');
    await page.getByLabel('Times').fill('1');
    await page.getByRole('button', { name: 'Add fault' }).click();
    await page.getByText('any event · at most 1×').waitFor();
    await page.getByRole('button', { name: /Remove tampered_body/ }).click();
    await page.getByText('No faults: the sender behaves.').waitFor();
  });

  test('moves the clock: next, by a span, by the scrubber, to the end; sets its mode', async () => {
    const [page] = await openDelivery('email.bounced');
    const attempts = page.getByRole('button', { name: /^Attempt \d, failed/ });
    await page.keyboard.press('n');
    await expect.poll(() => attempts.count()).toBe(2);
    await page.getByLabel('Advance by a span').fill('5m');
    await page.keyboard.press('Enter');
    await expect.poll(() => attempts.count()).toBe(3);
    const scrubber = page.getByRole('slider', { name: 'Advance the clock' });
    await expect
      .poll(() => scrubber.getAttribute('aria-valuetext'))
      .toBe('now; 1 planned attempt ahead');
    await scrubber.focus();
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => scrubber.getAttribute('aria-valuetext')).toMatch(/^plus (?:29|30) min/);
    await page.keyboard.press('Enter');
    await expect.poll(() => attempts.count()).toBe(4);
    await page.getByLabel('Clock mode').selectOption('skip');
    await page.getByText('The clock is skip.').first().waitFor();
    expect((await lab.api.get('/_sandbox/clock')).data.mode).toBe('skip');
    await page.getByLabel('Clock mode').selectOption('frozen');
    await page.getByText('The clock is frozen.').first().waitFor();
  });

  test('saves and loads a snapshot, resets after a question, switches the account', async () => {
    const page = await lab.open('#/accounts');
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save a snapshot' }).click();
    const path = await (await download).path();
    await page.getByRole('button', { name: 'Reset the account' }).click();
    await page.getByRole('button', { name: 'Yes, delete everything' }).click();
    await page.getByText('The account is empty.').first().waitFor();
    expect((await lab.api.get('/v1/webhooks')).data).toEqual([]);
    await page.getByLabel('Load a snapshot').setInputFiles(path);
    await page.getByText('Snapshot loaded.').first().waitFor();
    expect((await lab.api.get('/v1/webhooks')).data).toHaveLength(1);
    await page.getByLabel('Key', { exact: true }).fill('another-account');
    await page.getByRole('button', { name: 'Open account' }).click();
    await page.goto(`${lab.mock.url}/#/webhooks`);
    await page.getByText('No webhook is registered').waitFor();
    expect(page.url()).not.toContain('another-account');
  });

  test('runs a scenario and shows its funnel and bounce rate', async () => {
    const page = await lab.open('#/campaigns');
    await page.getByRole('button', { name: 'Start bounce-spike' }).click();
    await page.getByRole('heading', { name: 'Scenario: bounce-spike' }).waitFor();
    await lab.api.advance({ by: '6h' });
    await page.getByRole('img', { name: /^Bounce rate over time: now (?!–)/ }).waitFor();
    await keepScreenshot(page, 'campaign');
  });

  test('shows the requests of a sink and sets its answer; effects beside their cause', async () => {
    const [page, id] = await openDelivery();
    const { event_id: event } = await lab.api.delivery(id);
    await lab.api.send('POST', '/_sandbox/sinks/crm/contacts', { event });
    await page.reload();
    await page.getByRole('button', { name: /^Attempt 1.*, effects: 1$/ }).waitFor();
    await page.getByRole('tab', { name: 'Effects' }).click();
    await page.getByRole('link', { name: 'crm' }).click();
    await page.getByLabel('Answer with status').fill('503');
    await page.getByRole('button', { name: 'Set answer' }).click();
    await page.getByText('crm answers 503.').first().waitFor();
    expect((await lab.api.send('POST', '/_sandbox/sinks/crm', {})).status).toBe(503);
  });
});
