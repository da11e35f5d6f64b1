/**
 * Tables and bodies at a real terminal, at every width: no row wraps, and what does not fit is left out or cut.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createMock, type Mock } from '../../src/create-mock.ts';
import { apiOf } from '../support/api.ts';
import { answer, startReceiver, type Receiver } from '../support/receiver.ts';
import { atTerminal, hasScript, rowsOf } from './terminal-support.ts';

const START = '2026-04-06T12:00:00Z';
let mock: Mock;
let receiver: Receiver;
beforeAll(async () => {
  [mock, receiver] = await Promise.all([
    createMock({ clock: 'frozen', clockStart: START, seed: 7 }),
    startReceiver(answer(503, 'out of order')),
  ]);
  const api = apiOf(mock.url);
  await api.register(receiver.url);
  const data = { lead_email: 'a.lead.with.a.long.name@lead.test' };
  await api.trigger('email.replied', { id: 'evt_one', data });
  await api.trigger('email.opened', { id: 'evt_two', data: { lead_email: 'ada@lead.test' } });
  await api.advance({ until: 'settled' });
});
afterAll(async () => {
  await mock.close(0);
  await receiver[Symbol.asyncDispose]();
});

const stable = (text: string): string =>
  text
    .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:50000')
    .replaceAll(/whk_[0-9A-Z]+/g, (id) => 'whk_'.padEnd(id.length, '0'))
    .replaceAll(/ +\d+ ms/g, (took) => '2 ms'.padStart(took.length));

const COMMANDS = [['deliveries'], ['dead-letters'], ['events'], ['webhooks']];

describe.runIf(hasScript)('at a terminal', () => {
  test.each([60, 80, 120, 200].map((columns) => [columns]))('%i columns', async (columns) => {
    const screens: string[] = [];
    for (const line of COMMANDS) {
      await using typed = atTerminal([...line, '--sandbox-url', mock.url], { columns });
      expect(await typed.status).toBe(0);
      const rows = await rowsOf(typed.screen(), columns);
      expect(rows.filter(({ wraps }) => wraps)).toEqual([]);
      screens.push(`$ ${line.join(' ')}`, ...rows.map(({ text }) => text), '');
    }
    expect(stable(screens.join('\n'))).toMatchSnapshot();
  });

  test('a body is indented and coloured', async () => {
    const line = ['events', 'show', 'evt_two', '--sandbox-url', mock.url];
    await using typed = atTerminal(line, { color: true });
    expect(await typed.status).toBe(0);
    const lead = typed
      .screen()
      .split('\r\n')
      .find((one) => one.includes('lead_email'));
    expect(lead?.replaceAll('\u001B', '␛')).toBe(
      '    ␛[36m"lead_email"␛[39m: ␛[32m"ada@lead.test"␛[39m,',
    );
  });
});
