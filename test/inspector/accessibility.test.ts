/**
 * axe on every view, light and dark, on a desktop and on a phone: no finding.
 *
 * @module
 */
import { AxeBuilder } from '@axe-core/playwright';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SECRET } from '../support/api.ts';
import { eventually } from '../support/eventually.ts';
import { answer, startReceiver } from '../support/receiver.ts';
import { describeSample, sample } from '../support/sample.ts';
import { DESKTOP, keepScreenshot, noBrowser, PHONE, startLab, type Lab } from './browser.ts';

describe.skipIf(noBrowser !== null)(`axe has no finding${noBrowser ?? ''}`, () => {
  let lab: Lab;
  let views: readonly (readonly [name: string, hash: string])[];
  beforeAll(async () => {
    lab = await startLab();
    await lab.api.register(lab.receiver.url);
    await lab.api.send('POST', '/_sandbox/events', { event: 'email.sent', count: 30 });
    const id = await lab.api.trigger('email.replied');
    await lab.api.advance({ until: 'settled' });
    const { data: scenario } = await lab.api.send('POST', '/_sandbox/scenarios', {
      scenario: 'reply',
    });
    await lab.api.send('POST', '/_sandbox/faults', { fault: 'slow_body', times: 1 });
    await lab.api.send('POST', '/_sandbox/sinks/crm', { event: id });
    await lab.api.advance({ by: '2h' });
    const pending = await lab.api.trigger('email.bounced');
    await lab.api.advance({ by: '1s' });
    await using accepting = await startReceiver(answer(200));
    const { data: verification } = await lab.api.send('POST', '/_sandbox/verifications', {
      url: accepting.url,
      secret: SECRET,
      only: ['signature/*'],
    });
    await eventually(async () => {
      const { data } = await lab.api.get(`/_sandbox/verifications/${verification.id}`);
      expect(data.status).toBe('finished');
    });
    views = [
      ['verify', '#/verify'],
      ['verification', `#/verify/${verification.id}`],
      ['deliveries', '#/deliveries'],
      ['filtered', '#/deliveries?q=colour:red+lead:unknown'],
      ['pending', `#/deliveries/${pending}`],
      ['signature', `#/deliveries/${id}?tab=signature`],
      ['difference', `#/deliveries/${id}?tab=difference`],
      ['effects', `#/deliveries/${id}?tab=effects`],
      ['copy', `#/deliveries/${id}?tab=copy`],
      ['fork', `#/deliveries/${id}?tab=fork`],
      ['dead-letters', '#/dead-letters'],
      ['webhooks', '#/webhooks'],
      ['campaigns', '#/campaigns'],
      ['campaign', `#/campaigns/${scenario.campaign.id}`],
      ['sinks', '#/sinks'],
      ['sink', '#/sinks/crm'],
      ['faults', '#/faults'],
      ['account', '#/accounts'],
      ['docs', 'docs/clock'],
      ['reference', 'reference/events'],
    ];
  });
  afterAll(() => lab[Symbol.asyncDispose]());

  const devices = [
    ['desktop', DESKTOP],
    ['phone', PHONE],
  ] as const;
  const title = `%s (${describeSample(devices, devices.length)})`;
  test.each(sample(devices, devices.length))(title, { timeout: 400_000 }, async (device, size) => {
    const page = await lab.open('', size);
    const found: unknown[] = [];
    for (const [name, hash] of views) {
      await page.emulateMedia({ colorScheme: 'light' });
      await page.goto(`${lab.mock.url}/${hash}`);
      await expect.poll(() => page.getByText('Loading…').count()).toBe(0);
      const light = await new AxeBuilder({ page }).analyze();
      await keepScreenshot(page, `${name}-${device}-light`);
      await page.emulateMedia({ colorScheme: 'dark' });
      // The rest does not depend on colours.
      const dark = await new AxeBuilder({ page }).withRules('color-contrast').analyze();
      await keepScreenshot(page, `${name}-${device}-dark`);
      for (const { id, nodes } of [...light.violations, ...dark.violations]) {
        found.push([name, id, nodes.slice(0, 3).map((one) => [one.html, one.failureSummary])]);
      }
    }
    await page.goto(`${lab.mock.url}/#/deliveries`);
    await page.locator('.sizer .row').first().waitFor();
    await page.keyboard.press('j');
    for (const key of ['?', 't', 'f', 'e']) {
      await page.keyboard.press(key);
      await page.getByRole('dialog').waitFor();
      const { violations } = await new AxeBuilder({ page }).include('dialog').analyze();
      for (const one of violations) found.push([key, one.id, one.nodes[0]?.html]);
      await keepScreenshot(page, `dialog-${key === '?' ? 'help' : key}-${device}`);
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    }
    expect(found).toEqual([]);
  });
});
