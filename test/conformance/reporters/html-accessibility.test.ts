/**
 * axe on the HTML report in Chromium, on a desktop and on a phone, light and dark: no finding, and no sideways scrolling.
 *
 * @module
 */
import { AxeBuilder } from '@axe-core/playwright';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { html } from '../../../src/conformance/reporters/html.ts';
import {
  chromiumPath,
  DESKTOP,
  keepScreenshot,
  noBrowser,
  PHONE,
} from '../../inspector/browser.ts';
import { empty, nasty, real } from './sample.ts';

const REPORTS = { real, hostile: nasty, empty } as const;

describe.skipIf(noBrowser !== null)(`axe has no finding${noBrowser ?? ''}`, () => {
  let browser: Browser;
  const folder = mkdtempSync(join(tmpdir(), 'sendemall-mock-report-'));
  beforeAll(async () => {
    browser = await chromium.launch({
      ...(chromiumPath === undefined ? {} : { executablePath: chromiumPath }),
      args: ['--no-sandbox'],
    });
    for (const [name, make] of Object.entries(REPORTS)) {
      writeFileSync(join(folder, `${name}.html`), html(await make()));
    }
  });
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const cases = Object.keys(REPORTS).flatMap((report) =>
    [DESKTOP, PHONE].flatMap((viewport) =>
      (['light', 'dark'] as const).map((colorScheme) => ({ report, viewport, colorScheme })),
    ),
  );

  test.each(cases)(
    'in the $report report at $viewport.width px, $colorScheme',
    { timeout: 120_000 },
    async ({ report, viewport, colorScheme }) => {
      const context = await browser.newContext({ viewport, colorScheme });
      const page = await context.newPage();
      await page.goto(pathToFileURL(join(folder, `${report}.html`)).href);
      const { violations } = await new AxeBuilder({ page }).analyze();
      await keepScreenshot(page, `report-${report}-${viewport.width}-${colorScheme}`);
      expect(
        violations.map(({ id, nodes }) => [id, nodes.slice(0, 3).map((node) => node.html)]),
      ).toEqual([]);
      const width = await page.evaluate('document.documentElement.scrollWidth');
      expect(width).toBeLessThanOrEqual(viewport.width);
      await context.close();
    },
  );
});
