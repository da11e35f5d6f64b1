/**
 * `serve` at a real terminal: one line per attempt, at every width, with and without colour.
 *
 * @module
 */
import { afterAll, describe, expect, test } from 'vitest';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { apiOf } from '../support/api.ts';
import { startReceiver } from '../support/receiver.ts';
import { atTerminal, CTRL_C, hasScript, rowsOf, type Typed } from './terminal-support.ts';

const home = mkdtempSync(join(tmpdir(), 'sendemall-terminal-'));
afterAll(() => rmSync(home, { recursive: true }));

/** What differs from run to run, replaced by text of the same width. */
const stable = (text: string, port: string): string =>
  text
    .replaceAll(port, '7363')
    .replaceAll(/:\d{5}\b/g, ':50000')
    .replaceAll(/(?<!\d)\d\d:\d\d:\d\d(?!\d)/g, '14:03:12')
    .replaceAll(/\d{4}-\d\d-\d\d(?!T)/g, '2026-04-06')
    .replaceAll(/(?:whk|evt)_[0-9A-Z]+/g, (id) => `${id.slice(0, 4)}${'0'.repeat(id.length - 4)}`)
    .replaceAll(/whsec_[\w-]{32}/g, `whsec_${'0'.repeat(32)}`)
    .replaceAll(/_…[\w-]{4}/g, '_…0000')
    .replaceAll(/sha256=[0-9a-f]{0,64}/g, (digest) => 'sha256='.padEnd(digest.length, '0'))
    .replaceAll(/^[0-9a-f]{10,64}(?=[' ])/gm, (digest) => '0'.repeat(digest.length))
    .replaceAll(/ +\d+ ms/g, (took) => '2 ms'.padStart(took.length));

const listening = async (typed: Typed): Promise<string> =>
  /127\.0\.0\.1:(\d+)/.exec(await typed.shows('trigger email.replied'))![1]!;

/** The lines as printed: rows that the terminal has wrapped, such as long commands, in one. */
const unwrapped = (rows: readonly { text: string; wraps: boolean }[]): string[] =>
  rows
    .map(({ text, wraps }) => (wraps ? text : `${text}\n`))
    .join('')
    .split('\n');

/** The output as it would be without the footer, which is drawn and cleared again and again. */
const withoutFooter = (output: string): string =>
  // oxlint-disable-next-line no-control-regex
  output.replaceAll(/\r\u001B\[2K(?:keys: |t trigger)?[^\r\n]*(?=\r\u001B\[2K)|\r\u001B\[2K/g, '');

/** A receiver's day: a delivery, a refused signature, a failure, a forgery, another account, a dead letter. */
const play = async (typed: Typed, receiver: string): Promise<string> => {
  const port = await listening(typed);
  const url = `http://127.0.0.1:${port}`;
  const api = apiOf(url);
  const other = apiOf(url, 'marketing-team-key');
  await api.settled(await api.trigger('email.replied', { data: { lead_email: 'ok@lead.test' } }));
  await api.settled(
    await api.trigger('email.bounced', {
      data: { lead_email: 'failing.receiver.of.a.long.name@lead.test' },
    }),
  );
  await api.settled(await api.trigger('email.opened', { data: { lead_email: '401@lead.test' } }));
  await api.send('POST', '/_sandbox/faults', { fault: 'bad_signature', probability: 1, times: 1 });
  await api.settled(await api.trigger('email.sent', { data: { lead_email: 'ok@lead.test' } }));
  await other.register(receiver);
  await other.settled(
    await other.trigger('email.clicked', { data: { lead_email: 'o@lead.test' } }),
  );
  await typed.shows('clicked');
  return port;
};

const answers = () => {
  const failures = new Map<string, number>();
  return startReceiver(({ body }, response) => {
    const times = (failures.get(body) ?? 0) + 1;
    failures.set(body, times);
    if (body.includes('401@')) response.writeHead(401).end();
    else if (body.includes('email.sent') && times === 1) response.writeHead(401).end();
    else if (body.includes('failing') && times < 3) response.writeHead(503).end();
    else response.writeHead(200).end();
  });
};

describe.runIf(hasScript)('serve at a terminal', () => {
  test.each(
    [60, 80, 120, 200].flatMap(
      (columns) =>
        [
          [columns, false],
          [columns, true],
        ] as const,
    ),
  )('%i columns, colour: %s', async (columns, color) => {
    await using receiver = await answers();
    await using typed = atTerminal(
      ['serve', '--port', '0', '--clock', 'skip', '--seed', '7', '--forward-to', receiver.url],
      { columns, color, env: { XDG_DATA_HOME: home } },
    );
    const port = await play(typed, receiver.url);
    typed.type(CTRL_C);
    expect(await typed.status).toBe(130);
    const rows = await rowsOf(typed.screen(), columns);
    const attempts = rows.filter(({ text }) => /^\d\d:\d\d:\d\d /.test(text));
    expect(attempts).toHaveLength(11);
    expect(attempts.filter(({ wraps }) => wraps)).toEqual([]);
    const shown = color
      ? withoutFooter(typed.screen()).replaceAll('\u001B', '␛').split('\r\n')
      : unwrapped(rows);
    const from = shown.findIndex((line) => line.endsWith('dlv_1'));
    expect(stable(shown.slice(color ? from : 0).join('\n'), port)).toMatchSnapshot();
  });
});

describe.runIf(hasScript)('keys', () => {
  const start = (receiver: string, env: Record<string, string> = {}): Typed =>
    atTerminal(['serve', receiver, '--port', '0', '--clock', 'frozen', '--seed', '7'], {
      columns: 120,
      color: true,
      env: { XDG_DATA_HOME: home, ...env },
    });

  test('trigger, advance, settle, list dead letters, redeliver, pause, resume, quit', async () => {
    await using receiver = await startReceiver((_request, response) => {
      response.writeHead(500).end();
    });
    await using typed = start(receiver.url);
    await typed.shows('t trigger · r redeliver · a advance · A settle');
    typed.type('r');
    await typed.shows('No deliveries yet. Press t');
    typed.type('t');
    await typed.shows('1 sent · 2 delivered');
    typed.type('5');
    await typed.shows('try 2/4 in 30s');
    typed.type('a');
    await typed.shows('Advanced 30s: 1 attempts.');
    typed.type('A');
    await typed.shows('dead letter');
    typed.type('d');
    await typed.shows('Send them again: sendemall-mock dead-letters redeliver --all');
    typed.type('r');
    await typed.shows('dlv_2');
    typed.type('p');
    await typed.shows('Paused. Press p to resume.');
    typed.type('p');
    await typed.shows('Resumed.');
    typed.type('?');
    await typed.shows('q  quit');
    typed.type('q');
    expect(await typed.status).toBe(0);
    const rows = await rowsOf(typed.screen(), 120);
    // The footer has gone, and has left nothing behind.
    expect(rows.map(({ text }) => text).join('\n')).not.toContain('t trigger ·');
    expect(rows.filter(({ text }) => text.includes('email.replied')).length).toBeGreaterThan(4);
  });

  test('Ctrl-C still interrupts', async () => {
    await using typed = start('http://127.0.0.1:9/');
    await typed.shows('q quit');
    typed.type(CTRL_C);
    expect(await typed.status).toBe(130);
  });

  test.each([{ CI: 'true' }, { NO_COLOR: '1' }, { TERM: 'dumb' }])('none with %j', async (env) => {
    await using typed = start('http://127.0.0.1:9/', env);
    await typed.shows('trigger email.replied');
    typed.type(CTRL_C);
    expect(await typed.status).toBe(130);
    expect(typed.screen()).not.toContain('t trigger');
  });
});
