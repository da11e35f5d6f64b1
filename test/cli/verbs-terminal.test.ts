/**
 * The other verbs at a real terminal, at every width: help, lists and pages wrap at words within the terminal's width.
 * Tables of a sandbox are in `tables-terminal`, the lines of `serve` in `serve-terminal`.
 *
 * @module
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createMock, type Mock } from '../../src/create-mock.ts';
import { apiOf } from '../support/api.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';
import { atTerminal, hasScript, rowsOf } from './terminal-support.ts';

const folder = mkdtempSync(join(tmpdir(), 'sendemall-verbs-'));
const BODY = join(folder, 'body.json');
writeFileSync(BODY, '{ "event": "email.opened", "id": "evt_1" }');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let mock: Mock;
let receiver: Receiver;
beforeAll(async () => {
  [mock, receiver] = await Promise.all([
    createMock({ clock: 'frozen', clockStart: '2026-04-06T12:00:00Z', seed: 7 }),
    startReceiver(),
  ]);
  const api = apiOf(mock.url);
  await api.register(receiver.url);
  await api.send('POST', '/_sandbox/faults', { fault: 'duplicate', times: 2 });
  await api.send('POST', '/_sandbox/sinks/crm', { event: 'evt_1' });
});
afterAll(async () => {
  await mock.close(0);
  await receiver[Symbol.asyncDispose]();
});

interface Screen {
  readonly args: readonly string[];
  readonly status: number;
  /** Whether commands to copy, and messages with one, may be longer than a row. */
  readonly hasCommands?: true;
}

const ofSandbox = (...args: readonly string[]): Screen => ({
  args: [...args, '--sandbox-url', 'SANDBOX'],
  status: 0,
});

const SCREENS: readonly Screen[] = [
  { args: ['--help'], status: 0 },
  { args: ['verify', '--help'], status: 0, hasCommands: true },
  { args: ['scenario', 'list'], status: 0 },
  { args: ['explain', 'signature/missing-header'], status: 0, hasCommands: true },
  { args: ['docs', 'security'], status: 0 },
  { args: ['verify', '--hooks'], status: 0, hasCommands: true },
  {
    args: ['check-signature', BODY, '--secret', 'whsec_a-secret', '--signature', 'sha256=00'],
    status: 1,
    hasCommands: true,
  },
  ofSandbox('clock'),
  ofSandbox('faults', 'list'),
  ofSandbox('sinks', 'list'),
  { ...ofSandbox('campaigns'), hasCommands: true },
  ofSandbox('health'),
  { args: ['clock', 'advance', '5'], status: 2, hasCommands: true },
  { args: ['verfy'], status: 2, hasCommands: true },
];

const stable = (text: string): string =>
  text
    .replaceAll(folder, '/tmp')
    .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:50000')
    .replaceAll(/flt_[0-9A-Z]+/g, (id) => 'flt_'.padEnd(id.length, '0'));

describe.runIf(hasScript)('at a terminal', () => {
  test.each([60, 80, 120, 200].map((columns) => [columns]))(
    '%i columns',
    { timeout: 120_000 },
    async (columns) => {
      const screens: string[] = [];
      for (const { args, status, hasCommands } of SCREENS) {
        const line = args.map((arg) => (arg === 'SANDBOX' ? mock.url : arg));
        await using typed = atTerminal(line, { columns });
        expect(await typed.status, args.join(' ')).toBe(status);
        const rows = await rowsOf(typed.screen(), columns);
        const wrapped = hasCommands ? [] : rows.filter(({ wraps }) => wraps);
        expect(wrapped, args.join(' ')).toEqual([]);
        screens.push(`$ ${args.join(' ')}`, ...rows.map(({ text }) => text), '');
      }
      expect(stable(screens.join('\n'))).toMatchSnapshot();
    },
  );
});
