/**
 * The page as people set their system up: forced colours, less motion, 2,560 px, 390 px.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keepScreenshot, noBrowser, startLab, type Lab } from './browser.ts';

describe.skipIf(noBrowser !== null)(`the page adapts${noBrowser ?? ''}`, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab();
    await lab.api.register(lab.receiver.url);
    for (const event of ['email.sent', 'email.bounced', 'email.replied'])
      await lab.api.trigger(event);
    await lab.api.advance({ by: '1s' });
  });
  afterAll(() => lab[Symbol.asyncDispose]());

  test('with forced colours, attempts that were delivered, failed and planned look different', async () => {
    const page = await lab.open('#/deliveries');
    await page.emulateMedia({ forcedColors: 'active' });
    await page.locator('.sizer .row').nth(2).waitFor();
    const looks = await page.locator('.row .dot').evaluateAll((dots) =>
      dots.map((dot) => {
        const { backgroundColor, borderTopStyle, borderTopColor, width } = getComputedStyle(dot);
        const kind = (dot.getAttribute('class') ?? '').replace('dot', '').trim();
        return [kind, `${backgroundColor} ${borderTopStyle} ${borderTopColor} ${width}`] as const;
      }),
    );
    const byKind = new Map(looks);
    expect([...byKind.keys()].length).toBeGreaterThan(2);
    expect(new Set(byKind.values()).size).toBe(byKind.size);
    await keepScreenshot(page, 'forced-colours');
  });

  test('with less motion, nothing is animated', async () => {
    const page = await lab.open('#/deliveries');
    await page.emulateMedia({ reducedMotion: 'reduce' });
    const moving = await page.locator('*').evaluateAll((elements) =>
      elements
        .filter((element) => {
          const { animationName, animationDuration, transitionDuration } =
            getComputedStyle(element);
          const isLong = (text: string): boolean =>
            text.split(', ').some((one) => parseFloat(one) > 0.01);
          return (
            (animationName !== 'none' && isLong(animationDuration)) || isLong(transitionDuration)
          );
        })
        .map((element) => element.getAttribute('class')),
    );
    expect(moving).toEqual([]);
  });

  test.each([390, 1024, 2560])('at %i px nothing is wider than the window', async (width) => {
    const page = await lab.open('#/deliveries', { width, height: 900 });
    for (const hash of [
      'deliveries',
      'deliveries/dlv_2',
      'webhooks',
      'faults',
      'verify',
      'sinks',
    ]) {
      await page.goto(`${lab.mock.url}/#/${hash}`);
      await expect.poll(() => page.getByText('Loading…').count()).toBe(0);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(wide, hash).toBeLessThanOrEqual(width);
    }
  });
});
