/**
 * Verifying a receiver from the page: start, progress, findings, the report and its files.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { build } from '../receivers/reference/node-http.ts';
import { run } from '../receivers/reference/run.ts';
import { SECRET } from '../support/api.ts';
import { answer, startReceiver } from '../support/receiver.ts';
import { keepScreenshot, noBrowser, PHONE, startLab, type Lab } from './browser.ts';

const HOSTILE = '<img src=x onerror=alert(1)><script>alert(1)</script>\u001b[31m\u0000';

describe.skipIf(noBrowser !== null)(`the page verifies${noBrowser ?? ''}`, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab();
  });
  beforeEach(() => lab.api.send('POST', '/_sandbox/reset'));
  afterAll(() => lab[Symbol.asyncDispose]());

  /** Fill in the form for a URL and start. */
  const verifyUrl = async (page: Page, url: string, only: string): Promise<void> => {
    const form = page.getByRole('form', { name: 'Verify a receiver' });
    await form.getByLabel('Receiver').selectOption('another URL');
    await form.getByLabel('URL', { exact: true }).fill(url);
    await form.getByLabel('Secret').fill(SECRET);
    await form.getByText('Options').click();
    await form.getByLabel('Only these checks').fill(only);
    await form.getByRole('button', { name: 'Verify' }).click();
  };

  test('a receiver that accepts everything: findings, the cause, the request, the files', async () => {
    await using receiver = await startReceiver(answer(200, HOSTILE));
    const page = await lab.open('#/verify');
    await verifyUrl(page, receiver.url, 'signature/*');
    await page.getByText(/^FAILED \d+ of/).waitFor();
    expect(page.url()).toMatch(/#\/verify\/ver_\d+$/);
    await page.getByRole('link', { name: 'signature/wrong-digest' }).click();
    const check = page.locator('details.check.failed').first();
    expect(await check.getAttribute('open')).not.toBeNull();
    await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe('SUMMARY');
    await check.getByText(/^Exchanges/).click();
    await check.getByText('POST http://', { exact: false }).first().waitFor();
    expect(await check.locator('script, img').count()).toBe(0);
    await keepScreenshot(page, 'verify-failed');
    for (const [format, ending] of [
      ['html', 'html'],
      ['sarif', 'sarif'],
    ]) {
      const [file] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: `Save ${format}` }).click(),
      ]);
      expect(file.suggestedFilename()).toMatch(new RegExp(`^verify-ver_\\d+.${ending}$`));
      const text = await readFile(await file.path(), 'utf8');
      expect(text).toContain('signature/wrong-digest');
      expect(text).not.toContain(SECRET.slice(6));
    }
    expect(lab.problems).toEqual([]);
  });

  test('a saved HTML report opens without a server, and shows what the page shows', async () => {
    await using receiver = await startReceiver(answer(200));
    const page = await lab.open('#/verify');
    await verifyUrl(page, receiver.url, 'signature/missing-header');
    await page.getByText(/^FAILED \d+ of/).waitFor();
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save html' }).click(),
    ]);
    const textsOf = (from: Page) =>
      from.locator('.report summary, .report dd, .report td').allTextContents();
    const shown = await textsOf(page);
    const alone = await page.context().newPage();
    await alone.setContent(await readFile(await file.path(), 'utf8'));
    expect(await textsOf(alone)).toEqual(shown);
    expect(shown.length).toBeGreaterThan(5);
  });

  test('the end that the stream tells stays, even if the answer to the start comes later', async () => {
    await using receiver = await startReceiver(answer(200));
    const page = await lab.open('#/verify');
    await page.route('**/_sandbox/verifications', async (route) => {
      if (route.request().method() !== 'POST') return route.continue();
      const response = await route.fetch();
      await page.getByText(/^Verification ver_\d+ has finished/).waitFor({ state: 'attached' });
      return route.fulfill({ response });
    });
    await verifyUrl(page, receiver.url, 'signature/missing-header');
    await page.getByText(/^FAILED \d+ of/).waitFor();
    expect(page.url()).toMatch(/#\/verify\/ver_\d+$/);
  });

  test('a webhook, with progress while it runs, and by keyboard', async () => {
    await using receiver = await run(build, SECRET);
    await lab.api.register(receiver.url);
    const page = await lab.open();
    await page.keyboard.press('g');
    await page.keyboard.press('v');
    const form = page.getByRole('form', { name: 'Verify a receiver' });
    await expect.poll(() => form.getByLabel('Receiver').inputValue()).toMatch(/^whk_/);
    await form.getByRole('button', { name: 'Verify' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('progressbar', { name: 'Checks done' }).waitFor();
    await keepScreenshot(page, 'verify-running');
    await page.getByText(/^PASSED \d+ of/).waitFor({ timeout: 120_000 });
    expect(await page.getByRole('status').textContent()).toMatch(
      /Verification ver_\d+ has finished/,
    );
    await keepScreenshot(page, 'verify-passed');
  });

  test('a run is stopped from the page; what was checked stays, on a phone too', async () => {
    await using receiver = await startReceiver(() => undefined);
    const page = await lab.open('#/verify', PHONE);
    await verifyUrl(page, receiver.url, 'signature/*');
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByText(/^INTERRUPTED/).waitFor();
    await keepScreenshot(page, 'verify-stopped-phone');
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(
      390,
    );
  });

  test('what cannot be verified says why', async () => {
    const page = await lab.open('#/verify');
    await verifyUrl(page, 'http://93.184.216.34/hook', 'signature/*');
    await page
      .getByText(/not an address that this sandbox sends to/)
      .first()
      .waitFor();
    await page.goto(`${lab.mock.url}/#/verify/ver_99`);
    await page.getByText('There is no verification ver_99').waitFor();
  });
});
