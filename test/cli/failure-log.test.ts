/**
 * Failures of the server itself are printed without --verbose: once per cause, then counted, with what to do.
 *
 * @module
 */
import { getLogger, reset } from '@logtape/logtape';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { logToStderr } from '../../src/cli/serve/log.ts';
import { processTerminal } from '../../src/cli/terminal.ts';

const logger = getLogger(['sendemall-mock', 'engine']);

let lines: string[] = [];
beforeEach(() => {
  lines = [];
  vi.useFakeTimers({ now: Date.parse('2026-04-06T12:00:00Z') });
});
afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

const start = (options: { readonly json: boolean; readonly verbose: boolean }) => {
  const never = new AbortController().signal;
  const terminal = { ...processTerminal(never, never), note: (line: string) => lines.push(line) };
  return logToStderr(terminal, options);
};

const failWith = (code: string, message = 'no space left on device'): void =>
  logger.error('Cannot write {count} attempts: {error}', {
    count: 3,
    error: Object.assign(new Error(message), { code }),
  });

test('says what failed and what to do, without a stack', async () => {
  await start({ json: false, verbose: false });
  logger.debug('GET /livez 200');
  failWith('ENOSPC');
  expect(lines).toEqual([
    'error: Cannot write 3 attempts: no space left on device. Free space on the disk of --db. The sandbox then continues; nothing accepted is lost.',
  ]);
});

test('prints a cause once a minute, with how often it happened; another cause at once', async () => {
  await start({ json: false, verbose: false });
  for (let times = 0; times < 50; times += 1) failWith('ENOSPC');
  failWith('EMFILE', 'too many open files');
  expect(lines).toHaveLength(2);
  expect(lines[1]).toContain('ulimit -n');
  vi.advanceTimersByTime(60_000);
  failWith('ENOSPC');
  expect(lines[2]).toContain('(repeated 49 times since last printed)');
});

test('unwraps the error code; an error without one is a bug', async () => {
  await start({ json: false, verbose: false });
  const cause = Object.assign(new Error('inner'), { code: 'ENOSPC' });
  logger.error('{error}', { error: new Error('outer', { cause }) });
  logger.error('Broken: {error}', { error: new Error('undefined is not a function') });
  expect(lines[0]).toContain('Free space');
  expect(lines[1]).toBe(
    'error: Broken: undefined is not a function. This is a bug in sendemall-mock. Please report it with the output of --verbose.',
  );
});

test('a lack of descriptors is recognised without its code, as Node reports it for a package', async () => {
  await start({ json: false, verbose: false });
  failWith('ERR_INVALID_PACKAGE_CONFIG', 'Cannot read package config x.json: too many open files');
  expect(lines[0]).toContain('ulimit -n');
});

test('with --json each is a line of JSON', async () => {
  await start({ json: true, verbose: false });
  failWith('ENOSPC');
  failWith('ENOSPC');
  vi.advanceTimersByTime(60_000);
  failWith('ENOSPC');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    {
      type: 'failure',
      level: 'error',
      time: '2026-04-06T12:00:00.000Z',
      code: 'ENOSPC',
      message: 'Cannot write 3 attempts: no space left on device',
      remedy: expect.stringContaining('Free space'),
      suppressed: 0,
    },
    { suppressed: 1 },
  ]);
});

test('with --verbose nothing is left out', async () => {
  await start({ json: false, verbose: true });
  logger.debug('GET /livez 200');
  failWith('ENOSPC');
  failWith('ENOSPC');
  expect(lines).toHaveLength(3);
});
