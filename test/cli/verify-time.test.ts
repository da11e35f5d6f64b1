/**
 * `verify --time`: the time budget from a flag, the environment or a file; what is announced, and how a run ends that it
 * cuts off.
 *
 * @module
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { CATALOGUE } from '../../src/conformance/catalogue.ts';
import { createSigner } from '../../src/signature/sign.ts';
import { kill, open } from '../receivers/receiver.ts';
import { elsewhere, reportOf, SECRET, verify } from './verify-support.ts';

vi.setConfig({ testTimeout: 180_000 });

const cwd = elsewhere();
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const sign = createSigner(SECRET);

/** Right, and takes so long for every answer. */
const slowReceiver = async (delayMs: number) => {
  const server = createServer((request, response) => {
    text(request).then(
      (body) => {
        const isSigned = request.headers['x-sendemall-signature'] === sign(body);
        setTimeout(() => response.writeHead(isSigned ? 200 : 401).end(), delayMs);
      },
      // The run was cut off before the body was complete.
      () => response.destroy(),
    );
  });
  const url = `http://127.0.0.1:${await open(server)}/hook`;
  return { url, [Symbol.asyncDispose]: () => kill(server) };
};

const QUICK = ['--only', 'http/reachable', '--json'];

describe('a time budget is taken', () => {
  test.for<[string, readonly string[], Record<string, string>, object]>([
    ['from --time', ['--time', '2m'], {}, {}],
    ['from SENDEMALL_MOCK_TIME', [], { SENDEMALL_MOCK_TIME: '90s' }, {}],
    ['from the configuration file', [], {}, { time: '1h' }],
    [
      'from --time before all others',
      ['--time', '1s'],
      { SENDEMALL_MOCK_TIME: 'x' },
      { time: 'y' },
    ],
    ['from the environment before the file', [], { SENDEMALL_MOCK_TIME: '24h' }, { time: 'y' }],
    ['from the file when the variable is empty', [], { SENDEMALL_MOCK_TIME: '' }, { time: '5m' }],
  ])('%s', async ([name, flags, env, config]) => {
    await using receiver = await slowReceiver(0);
    const file = `${name}.json`;
    writeFileSync(join(cwd, file), JSON.stringify(config));
    const { stderr } = await verify([receiver.url, ...QUICK, '--config', file, ...flags], {
      cwd,
      env,
    });
    // Nothing but the budget itself may end this run; on a busy machine a second can be too short.
    expect(stderr).not.toContain('Pass a duration');
  });
});

test('a run that is cut off announces it, says what is not tested and why, and ends with 2', async () => {
  await using receiver = await slowReceiver(600);
  const ran = await verify([receiver.url, '--time', '6s', '--json'], { cwd });
  expect(ran.stderr).toMatch(
    /The receiver takes [\d.]+ s to respond\. All checks would take about [\d.]+ (s|min); the time budget has [\d.]+ s left\. .* Pass a longer --time to run all of them\./,
  );
  expect(ran.stderr).toMatch(
    new RegExp(
      String.raw`Inconclusive: the time budget ran out after \d+ of ${CATALOGUE.length} checks, and the rest can still change the verdict\. Pass a longer --time`,
    ),
  );
  expect(ran.status).toBe(2);
  const report = reportOf(ran);
  expect(report.summary.verdict).toBe('inconclusive');
  expect(report.cut_off).toMatchObject({ by: 'budget', budget_ms: 6000, total: CATALOGUE.length });
  const left = report.checks.filter(({ cut_off: by }) => by === 'budget');
  expect(left.some(({ level }) => level === 'MUST')).toBe(true);
  for (const { status, reason } of left) {
    expect(status).toBe('not_tested');
    expect(reason).toMatch(/^Not (reached|finished) within the time budget of 6 s\.$/);
  }
});
