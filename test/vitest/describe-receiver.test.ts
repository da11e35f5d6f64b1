/**
 * `describeReceiver` as a user has it: in a vitest of its own, because its tests are to fail and to be skipped.
 *
 * @module
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test, vi } from 'vitest';
import { environment, run } from '../support/process.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
// Inside the checkout, so that its vitest is found.
mkdirSync(join(root, '.tmp'), { recursive: true });
const folder = mkdtempSync(join(root, '.tmp', 'describe-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// Each test starts a vitest of its own.
vi.setConfig({ testTimeout: 90_000 });

interface Outcome {
  readonly title: string;
  readonly status: string;
  readonly failureMessages: readonly string[];
}

const outcomes = async (name: string, source: string, ...flags: string[]) => {
  const file = join(folder, `${name}.spec.ts`);
  writeFileSync(
    file,
    `import { describeReceiver } from '${root}src/vitest/index.ts';
     import { ModelReceiver } from '${root}test/receivers/model/receiver.ts';
     const SECRET = 'whsec_described';
     ${source}`,
  );
  const config = join(folder, `${name}.config.ts`);
  writeFileSync(
    config,
    `export default { test: { root: '${folder}', include: ['${name}.spec.ts'] } };`,
  );
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const { output, status } = await run(
    process.execPath,
    [vitest, 'run', '--config', config, '--reporter=json', `--outputFile=${file}.json`, ...flags],
    { cwd: folder, env: environment() },
  );
  if (!existsSync(`${file}.json`)) throw new Error(output);
  const report = JSON.parse(readFileSync(`${file}.json`, 'utf8')) as {
    testResults: { assertionResults: Outcome[]; message: string }[];
  };
  const tests = report.testResults.flatMap((one) => one.assertionResults);
  return { status, output, tests, report };
};

const RIGHT = `
  const model = new ModelReceiver(SECRET);
  const listener = (request, response) => void model.serve(request, response);
  const options = { secret: SECRET, path: model.path, only: ['signature/*', 'http/survives'] };
`;

/** Checks the signature only when there is one. */
const FAULT = `
  const verify = model.verify.bind(model);
  model.verify = (raw, request) => model.headerOf(request) === undefined || verify(raw, request);
`;

test('a right receiver passes, and what a hook is missing for is skipped with the reason', async () => {
  const { status, tests } = await outcomes(
    'right',
    `${RIGHT} describeReceiver(listener, options);`,
  );
  expect(status).toBe(0);
  const of = (id: string) => tests.find(({ title }) => title.startsWith(`${id}:`));
  expect(of('signature/accepts-valid')?.status).toBe('passed');
  expect(of('signature/missing-header')?.status).toBe('passed');
  expect(tests.filter((one) => one.status === 'failed')).toEqual([]);
});

test('a fault fails the test of its check, with a fix', async () => {
  const { status, tests } = await outcomes(
    'faulty',
    `${RIGHT} ${FAULT} describeReceiver(listener, options);`,
  );
  expect(status).toBe(1);
  const failed = tests.filter((one) => one.status === 'failed');
  const missing = failed.find(({ title }) => title.startsWith('signature/missing-header'));
  expect(missing?.failureMessages[0]).toContain('accepted no signature header: 204');
  expect(missing?.failureMessages[0]).toContain('fix:');
  expect(missing?.failureMessages[0]).not.toContain('whsec_described');
});

test('a known failure is skipped with its reason, and one that passes fails', async () => {
  const known = `{ 'signature/missing-header': 'the gateway checks', 'http/survives': 'it died once' }`;
  const { tests } = await outcomes(
    'known',
    `${RIGHT} ${FAULT} describeReceiver(listener, { ...options, known: ${known} });`,
  );
  const of = (id: string) => tests.find(({ title }) => title.startsWith(id));
  expect(['skipped', 'pending']).toContain(of('signature/missing-header')?.status);
  expect(of('http/survives')?.status).toBe('failed');
  expect(of('http/survives')?.failureMessages[0]).toContain('Remove it from "known"');
});

test('a run that its time budget cuts off skips what was not reached, and fails once with the list', async () => {
  const slow = `const late = (request, response) => setTimeout(() => listener(request, response), 400);`;
  const { status, tests, output } = await outcomes(
    'slow',
    `${RIGHT} ${slow} describeReceiver(late, { ...options, budgetMs: 5000 });`,
    '--reporter=verbose',
  );
  expect(status).toBe(1);
  const failed = tests.filter((one) => one.status === 'failed');
  expect(failed.map(({ title }) => title)).toEqual([
    'the run reaches every check that counts within its time budget',
  ]);
  expect(failed[0]?.failureMessages[0]).toMatch(
    /\d+ of \d+ checks ran within the time budget of 5 s\. Not tested: .*signature\/.*Pass a larger budgetMs/,
  );
  expect(output).toContain('[Not reached within the time budget of 5 s.]');
});

test('a name pattern picks checks', async () => {
  const { tests } = await outcomes(
    'pattern',
    `${RIGHT} describeReceiver(listener, options);`,
    '--testNamePattern',
    'missing-header',
  );
  expect(tests.filter((one) => one.status === 'passed')).toHaveLength(1);
});

test('an unknown id among the known failures is rejected', async () => {
  const { status, report } = await outcomes(
    'strange',
    `${RIGHT} describeReceiver(listener, { ...options, known: { 'signature/nothing': 'x' } });`,
  );
  expect(status).toBe(1);
  expect(report.testResults[0]?.message).toContain('unknown check in "known": signature/nothing');
});
