/**
 * Requests that are sent from the pages of the API references.
 *
 * @module
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { keepScreenshot, noBrowser, startLab, type Lab } from './browser.ts';

describe.skipIf(noBrowser !== null)(`the reference sends${noBrowser ?? ''}`, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab();
  });
  beforeEach(() => lab.api.send('POST', '/_sandbox/reset'));
  afterAll(() => lab[Symbol.asyncDispose]());

  const openReference = async (name: string, operation: string) => {
    const page = await lab.open();
    await page.goto(`${lab.mock.url}/reference/${name}`);
    const section = page.locator(`#${operation}`);
    await section.getByText('Send to this sandbox').click();
    return { page, section };
  };

  test('an edited example, and shows what the sandbox answers', async () => {
    const { page, section } = await openReference('control', 'createWebhook');
    const body = { url: lab.receiver.url, events: ['email.sent'], secret: 'whsec_from-the-page' };
    await section.getByLabel('Body').fill(JSON.stringify(body));
    await section.getByRole('button', { name: 'Send' }).press('Enter');
    await section.locator('output', { hasText: /^201 / }).waitFor();
    expect((await lab.api.get('/v1/webhooks')).data).toMatchObject([{ url: lab.receiver.url }]);
    await section.scrollIntoViewIfNeeded();
    await keepScreenshot(page, 'reference-sent');
    expect(lab.problems).toEqual([]);
  });

  test('parameters of path and query, for the account of the key', async () => {
    await lab.api.send('POST', '/_sandbox/events', { event: 'email.opened', count: 3 });
    const { section } = await openReference('sandbox', 'listEvents');
    await section.getByLabel('limit').fill('2');
    await section.getByRole('button', { name: 'Send' }).click();
    await section.locator('output', { hasText: /^200 / }).waitFor();
    const text = (await section.locator('output').textContent()) ?? '';
    expect(JSON.parse(text.slice(text.indexOf('{'))).data).toHaveLength(2);
    await section.getByLabel('API key').fill('another-account');
    await section.getByRole('button', { name: 'Send' }).click();
    await expect.poll(() => section.locator('output').textContent()).toContain('"data": []');
  });

  test('a request that is refused, with its reason', async () => {
    const { section } = await openReference('sandbox', 'advanceClock');
    await section.getByLabel('Body').fill('{"by": "soon"}');
    await section.getByRole('button', { name: 'Send' }).click();
    const output = section.locator('output', { hasText: /^422 / });
    await output.waitFor();
    expect(await output.textContent()).toContain('\\"by\\" is \\"soon\\"');
  });
});
