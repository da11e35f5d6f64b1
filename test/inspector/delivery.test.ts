/**
 * The page of one delivery in a real browser: ladder, exchange, signature, difference, snippets; hostile responses.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { sign } from '../../src/signature/sign.ts';
import { SECRET } from '../support/api.ts';
import { startReceiver } from '../support/receiver.ts';
import { keepScreenshot, noBrowser, startLab, type Lab } from './browser.ts';

describe.skipIf(noBrowser !== null)(`the page of a delivery${noBrowser ?? ''}`, () => {
  let lab: Lab;
  let id: string;
  beforeAll(async () => {
    lab = await startLab();
    await lab.api.register(lab.receiver.url);
    id = await lab.api.trigger('email.replied', {
      data: { lead_name: '<img src=x onerror=alert(1)>\u202E' },
    });
    await lab.api.advance({ by: '1s' });
  });
  afterAll(() => lab[Symbol.asyncDispose]());

  const ladder = (page: Page): Promise<string> =>
    page.getByRole('list', { name: 'Attempts' }).ariaSnapshot();

  test('its ladder folds waits, draws planned attempts, and is named for screen readers', async () => {
    const page = await lab.open(`#/deliveries/${id}`);
    await expect.poll(() => ladder(page)).toContain('Attempt 1, failed 401 at T, took');
    const names = await ladder(page);
    expect(names).toContain('Attempt 2, planned at T + 30 s');
    expect(names).toContain('Attempt 3, planned at T + 5 min 30 s');
    expect(names).toContain('Attempt 4, planned at T + 35 min 30 s');
    expect(await page.locator('.wait.folded').allInnerTexts()).toEqual([
      '+30 s',
      '+5 min',
      '+30 min',
    ]);
  });

  test('a new attempt appears at once and is announced', async () => {
    const page = await lab.open(`#/deliveries/${id}`);
    await page.getByRole('button', { name: 'Attempt 1, failed 401' }).waitFor();
    await page.keyboard.press('n');
    await page.getByRole('button', { name: 'Attempt 2, failed 401' }).waitFor();
    await page
      .getByRole('status')
      .getByText(/Attempt 2, failed 401 at T \+ 30 s, took .*; next in 5 min\./)
      .waitFor();
  });

  test('hostile text is text, and hidden characters are visible', async () => {
    const page = await lab.open(`#/deliveries/${id}`);
    const response = page.getByRole('region', { name: 'Body of the response' });
    await expect
      .poll(() => response.innerText())
      .toBe('signature mismatch <script>alert(1)</script> ESC[31mNUL');
    const request = await page.getByRole('region', { name: 'Body of the request' }).innerText();
    expect(request).toContain('<img src=x onerror=alert(1)>U+202E');
    expect(await page.locator('img, script:not([src])').count()).toBe(0);
    await keepScreenshot(page, 'delivery');
    expect(lab.problems).toEqual([]);
  });

  test('explains what the code of a receiver computed, without the secret', async () => {
    const page = await lab.open(`#/deliveries/${id}?tab=signature`);
    await page.getByText('The signature is valid.').waitFor();
    const { body } = await lab.api.delivery(id);
    const field = page.getByLabel('What did your code compute?');
    await field.fill(sign(JSON.stringify(JSON.parse(body), null, 2), SECRET));
    await page.getByText(/The signature .*indent/i).waitFor();
    await field.fill(sign(body, SECRET));
    await page.getByText('Your code computed the right signature.').waitFor();
    await keepScreenshot(page, 'signature');
    expect(await page.content()).not.toContain(SECRET);
  });

  test('shows the difference between two texts, byte for byte', async () => {
    const page = await lab.open(`#/deliveries/${id}?tab=difference`);
    await page.getByRole('combobox', { name: 'Before' }).selectOption('Body sent by this delivery');
    await page.getByRole('combobox', { name: 'After' }).selectOption('Pasted text');
    const { body } = await lab.api.delivery(id);
    await page
      .getByRole('textbox', { name: 'Pasted text' })
      .fill(body.replace('email.replied', 'email.relied'));
    await expect.poll(() => page.locator('.diff del').allInnerTexts()).toEqual(['p']);
    await page.getByRole('textbox', { name: 'Pasted text' }).fill(body);
    await page.getByText(`The same ${Buffer.byteLength(body)} bytes.`).waitFor();
  });

  test('becomes a test: curl that sends the same bytes, vitest, a scenario', async () => {
    const page = await lab.open(`#/deliveries/${id}?tab=copy`);
    await page.getByRole('button', { name: 'Copy curl' }).click();
    const curl = await page.evaluate<string>('navigator.clipboard.readText()');
    const { body } = await lab.api.delivery(id);
    expect(curl).toContain(`-H 'X-SendEmAll-Signature: ${sign(body, SECRET)}'`);
    expect(curl).toContain(`--data-binary '${body.replaceAll("'", String.raw`'\''`)}'`);
    await page.getByRole('button', { name: 'Copy vitest test' }).click();
    expect(await page.evaluate<string>('navigator.clipboard.readText()')).toContain(
      "import { test } from 'sendemall-mock/vitest';",
    );
  });

  test('forks the account, changes the receiver there, and runs the same hour in both', async () => {
    await using fixed = await startReceiver();
    const dead = await lab.api.trigger('email.bounced');
    await lab.api.advance({ by: '1s' });
    const page = await lab.open(`#/deliveries/${dead}?tab=fork`);
    await page.getByLabel('Receiver in the fork').fill(fixed.url);
    await page.getByRole('button', { name: 'Fork', exact: true }).click();
    await page.getByRole('button', { name: 'Run both' }).click();
    const timeline = (name: string) =>
      page.getByRole('list', { name }).locator('b').allInnerTexts();
    await expect.poll(() => timeline('Timeline of the fork')).toEqual(['503', '200']);
    await expect
      .poll(() => timeline('Timeline of this account'))
      .toEqual(['503', '503', '503', '503']);
    await keepScreenshot(page, 'fork');
  });

  test('forks the account, changes the body there, and compares what the receiver answers', async () => {
    await using strict = await startReceiver(({ body }, response) => {
      response.writeHead(body.includes('hard') ? 400 : 200).end();
    });
    const webhook = await lab.api.register(strict.url);
    const bounced = await lab.api.trigger('email.bounced', {
      webhook_id: webhook,
      data: { bounce_type: 'hard' },
    });
    await lab.api.advance({ by: '1s' });
    const page = await lab.open(`#/deliveries/${bounced}?tab=fork`);
    await page.getByText('Body in the fork').click();
    const field = page.getByRole('textbox', { name: 'Body in the fork' });
    await field.fill((await field.inputValue()).replaceAll('hard', 'soft'));
    await page.getByRole('button', { name: 'Fork', exact: true }).click();
    await page.getByRole('button', { name: 'Run both' }).click();
    const timeline = (name: string) =>
      page.getByRole('list', { name }).locator('b').allInnerTexts();
    await expect.poll(() => timeline('Timeline of the fork')).toEqual(['200']);
    await expect
      .poll(() => timeline('Timeline of this account'))
      .toEqual(['400', '400', '400', '400']);
  });

  test('tabs are reached by arrow keys and are in the URL', async () => {
    const page = await lab.open(`#/deliveries/${id}`);
    await page.getByRole('tab', { name: 'Exchange' }).focus();
    await page.keyboard.press('ArrowRight');
    await page.getByRole('tab', { name: 'Signature', selected: true }).waitFor();
    expect(page.url()).toContain('tab=signature');
  });

  test('a delivery that does not exist is said, with a way back', async () => {
    const page = await lab.open('#/deliveries/dlv_none');
    await page.getByText('Delivery "dlv_none" not found').waitFor();
    await page.getByRole('button', { name: 'Back to the list' }).click();
    await expect.poll(() => page.url()).toMatch(/#\/deliveries$/);
  });
});
