/**
 * The guide's samples and the examples to copy, judged by `verify --exec` without a line of test code in them.
 *
 * @module
 */
import { cpSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import type { Report } from '../../src/conformance/report.ts';
import { missingModule } from '../receivers/python.ts';
import { createWorkshop, type Workshop } from './exec-support.ts';
import { reportOf } from './verify-support.ts';

// A whole run of the suite, on a busy machine.
vi.setConfig({ testTimeout: 300_000 });

/** Checks with a verdict on the receiver. */
const MIN_TESTED = 90;

const pathOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const guide = (name: string): string => readFileSync(pathOf(`../fixtures/guide/${name}`), 'utf8');

/** Checks with a result, and failures that another finding explains. */
const testedIn = ({ checks, summary }: Report): number =>
  checks.filter(({ status }) => status === 'pass' || status === 'fail').length + summary.explained;

const errorsIn = ({ checks }: Report) => checks.filter(({ status }) => status === 'error');

const judge = async (shop: Workshop, args: readonly string[]): Promise<Report> => {
  const ran = await shop.verify([...args, '--sink-env', 'CRM_URL', shop.url, '--json']);
  expect(shop.alive()).toEqual([]);
  return reportOf(ran);
};

/** The guide's secret is in its text. */
const FIXED = ['--secret', 'whsec_your-signing-secret'];

test('the Flask sample of the guide, with one line that calls the sink', async ({ skip }) => {
  const missing = missingModule('flask');
  if (missing !== null) skip(missing);
  using shop = await createWorkshop();
  const line =
    'import json, os, urllib.request; process_event = lambda event: urllib.request.urlopen(os.environ["CRM_URL"], json.dumps(event).encode())';
  shop.write('app.py', `${guide('flask-sample.txt')}\n${line}\n`);
  const report = await judge(shop, [...FIXED, '--exec', `python3 -m flask run -p ${shop.port}`]);
  expect(errorsIn(report)).toEqual([]);
  expect(testedIn(report)).toBeGreaterThanOrEqual(MIN_TESTED);
});

test('the Express sample of the guide, with one line that calls the sink', async () => {
  using shop = await createWorkshop();
  symlinkSync(pathOf('../../node_modules'), join(shop.folder, 'node_modules'));
  const line =
    'const processEvent = (event) => fetch(process.env.CRM_URL, { method: "POST", body: JSON.stringify(event) });';
  const listens = 'app.listen(process.env.PORT);';
  shop.write('server.cjs', [guide('express-sample.txt'), line, listens].join('\n'));
  const report = await judge(shop, [...FIXED, '--exec', `"${process.execPath}" server.cjs`]);
  expect(errorsIn(report)).toEqual([]);
  expect(testedIn(report)).toBeGreaterThanOrEqual(MIN_TESTED);
  // It responds before its call of the CRM has succeeded.
  const lost = report.checks.find(({ id }) => id === 'delivery/fail-2xx');
  expect(lost?.status).toBe('fail');
});

test('an example to copy, with its recovery, has no finding', async () => {
  using shop = await createWorkshop();
  cpSync(pathOf('../examples'), shop.folder, {
    recursive: true,
    filter: (path) => !path.endsWith('tests'),
  });
  const node = `"${process.execPath}"`;
  const settings =
    'DATABASE=events.db API_URL=$SENDEMALL_API_URL API_KEY=$SENDEMALL_API_KEY WEBHOOK_ID=$SENDEMALL_MOCK_WEBHOOK_ID';
  const report = await judge(shop, [
    '--exec',
    `DATABASE=events.db ${node} dedupe.ts`,
    '--secret-env',
    'WEBHOOK_SECRET',
    '--recover-command',
    `${settings} ${node} recover-daily.ts`,
  ]);
  expect(errorsIn(report)).toEqual([]);
  const found = report.checks.filter(({ status, level }) => status === 'fail' && level !== 'INFO');
  expect(found.map(({ id, actual }) => `${id}: ${actual}`)).toEqual([]);
  expect(testedIn(report)).toBeGreaterThanOrEqual(MIN_TESTED + 10);
});
