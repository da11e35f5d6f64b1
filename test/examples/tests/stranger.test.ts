/**
 * The patterns as someone starts them who has just copied them: by hand, by systemd, in a container.
 *
 * @module
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createMock, type Mock } from '../../../src/create-mock.ts';
import { createStage, LANGUAGES, runExample, SECRET, startExample } from './support.ts';

let mock: Mock;
beforeAll(async () => {
  mock = await createMock({ clock: 'frozen' });
});
afterAll(() => mock.close());

const RECEIVERS = [
  'answer-first',
  'crm-on-reply',
  'dedupe',
  'pause-on-bounce-spike',
  'slack-on-meeting',
] as const;

const NEEDED: Readonly<Record<string, readonly string[]>> = {
  'answer-first': ['CRM_URL', 'WEBHOOK_SECRET'],
  'crm-on-reply': ['CRM_URL', 'SLACK_URL', 'WEBHOOK_SECRET'],
  dedupe: ['CRM_URL', 'WEBHOOK_SECRET'],
  'pause-on-bounce-spike': ['API_URL', 'API_KEY', 'SLACK_URL', 'WEBHOOK_SECRET'],
  'slack-on-meeting': ['SLACK_URL', 'WEBHOOK_SECRET'],
  'recover-daily': ['API_URL', 'API_KEY', 'WEBHOOK_ID', 'CRM_URL'],
};

const SETTINGS = {
  WEBHOOK_SECRET: SECRET,
  CRM_URL: 'http://127.0.0.1:1',
  SLACK_URL: 'http://127.0.0.1:1',
  API_URL: 'http://127.0.0.1:1',
  API_KEY: 'any',
  WEBHOOK_ID: 'whk_1',
};

/** One line, which names what is wrong and what to do. */
const ONE_LINE = /^[^\n]+\n$/;

describe.each(LANGUAGES)('in $language', ({ language, missing }) => {
  describe.skipIf(missing !== null)('the patterns', () => {
    test.each(RECEIVERS)(
      '%s stays when its standard input is closed, and ends on SIGTERM',
      async (name) => {
        const { env } = await createStage(mock);
        await using example = await startExample(language, name, env);
        const answered = await fetch(example.url, { method: 'POST', body: '{}' });
        expect(answered.status).toBe(401);
        expect(example.child.exitCode).toBeNull();
        example.child.kill('SIGTERM');
        expect(await example.exited).toBe(0);
      },
    );

    test.each(Object.entries(NEEDED))(
      '%s names each setting that is missing',
      async (name, all) => {
        for (const setting of all) {
          const { status, stderr, stdout } = await runExample(language, name, {
            ...SETTINGS,
            [setting]: '',
          });
          expect(stderr).toMatch(ONE_LINE);
          expect(stderr).toContain(`${setting} is not set. Set it in the environment.`);
          expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
        }
      },
    );

    test('a port that is in use, and an invalid port', async () => {
      const { env } = await createStage(mock);
      await using example = await startExample(language, 'dedupe', env);
      const { port } = new URL(example.url);
      const taken = await runExample(language, 'dedupe', { ...SETTINGS, PORT: port });
      expect(taken.stderr).toBe(
        `Port ${port} on 127.0.0.1 is in use. Stop what uses it, or set PORT to another.\n`,
      );
      const wrong = await runExample(language, 'dedupe', { ...SETTINGS, PORT: 'http' });
      expect(wrong.stderr).toBe('PORT is "http". Set it to a number from 0 to 65535.\n');
      const nowhere = await runExample(language, 'dedupe', { ...SETTINGS, HOST: '203.0.113.9' });
      expect(nowhere.stderr).toContain('Cannot listen on 203.0.113.9:0');
      for (const { status } of [taken, wrong, nowhere]) expect(status).toBe(1);
    });

    test('a database that cannot be written', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'sendemall-pattern-'));
      const { status, stderr } = await runExample(language, 'dedupe', {
        ...SETTINGS,
        DATABASE: join(folder, 'no/such/folder.db'),
      });
      expect(stderr).toMatch(ONE_LINE);
      expect(stderr).toContain('Set DATABASE to a file that can be written.');
      expect(status).toBe(1);
    });

    test('a provider that is out of reach', async () => {
      const { status, stderr } = await runExample(language, 'recover-daily', SETTINGS);
      expect(stderr).toMatch(ONE_LINE);
      expect(stderr).toContain('No list of dead letters: ');
      expect(status).toBe(1);
    });

    test('a reply without a name, a company and a preview is posted with what is known', async () => {
      const { client, env, register, seen } = await createStage(mock);
      const data = { lead_email: 'sarah@example.com' };
      const texts: string[] = [];
      for (const [name, more] of [
        ['crm-on-reply', { reply_sentiment: 'positive' }],
        ['slack-on-meeting', { reply_preview: 'Thursday?' }],
      ] as const) {
        await using example = await startExample(language, name, env);
        const webhook = await register(example.url);
        const body = JSON.stringify({
          event: 'email.replied',
          id: `evt_${name}`,
          timestamp: '2026-04-06T12:00:00Z',
          data: { ...data, ...more },
        });
        const { events, deliveries } = await client.events.trigger({ event: 'email.sent' });
        expect(events).toHaveLength(1);
        // The contract's events have a name: this one is made of another's bytes.
        const { id } = await client.deliveries.redeliver(deliveries[0]!.id, { body });
        const { delivery } = await client.deliveries.wait(id);
        expect(delivery.status, delivery.attempts[0]?.error ?? '').toBe('delivered');
        await client.webhooks.delete(webhook);
        for (const { json } of await seen('slack', `evt_${name}`))
          texts.push((json as { text: string }).text);
      }
      expect(texts).toEqual([
        'Positive reply from sarah@example.com: (no preview)',
        'Possible meeting request from sarah@example.com. Check reply.',
      ]);
    });
  });
});
