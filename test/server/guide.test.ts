/**
 * The guide's own curl commands, as they stand there but for the host, and the answer that it shows.
 *
 * @module
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createMock, type Mock } from '../../src/create-mock.ts';

const fixture = (name: string): string =>
  readFileSync(new URL(`../fixtures/guide/${name}`, import.meta.url), 'utf8');
const [register = '', failedEvents = ''] = fixture('commands.txt').split('\n\n');
const shown = JSON.parse(fixture('register-response.json'));

const noCurl = spawnSync('curl', ['--version']).error !== undefined;
if (noCurl) console.log('The guide’s commands are skipped: curl is not installed');

describe.skipIf(noCurl)('the guide', () => {
  let mock: Mock;
  beforeAll(async () => {
    mock = await createMock();
  });
  afterAll(() => mock.close());

  /** Runs a command against the mock, from another process than the one that serves it. */
  const run = async (command: string): Promise<any> => {
    const { promisify } = await import('node:util');
    const { execFile } = await import('node:child_process');
    const text = command.replaceAll('https://api.sendemall.com', mock.url);
    const { stdout } = await promisify(execFile)('bash', ['-c', text]);
    return JSON.parse(stdout);
  };

  test('registers an endpoint, and gets the answer that it shows, field by field', async () => {
    const { meta, ...answer } = await run(register);
    expect(Object.keys(answer)).toEqual(Object.keys(shown));
    expect(Object.keys(answer.data)).toEqual(Object.keys(shown.data));
    const { id, created_at, ...rest } = answer.data;
    const { id: _id, created_at: _createdAt, ...shownRest } = shown.data;
    expect(rest).toEqual(shownRest);
    expect(answer.success).toBe(true);
    expect(id).toMatch(/^whk_/);
    expect(created_at).toMatch(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/);
    // The guide leaves `meta` out; the provider's API reference has it.
    expect(Object.keys(meta)).toEqual(['request_id', 'timestamp']);
  });

  test('retrieves failed events', async () => {
    const { data } = await run(register);
    const answer = await run(failedEvents.replace('whk_abc123', data.id));
    expect(answer).toMatchObject({ success: true, data: [] });
  });

  test('names a webhook that is not there', async () => {
    expect(await run(failedEvents)).toMatchObject({
      success: false,
      error: { code: 'WEBHOOK_NOT_FOUND', status: 404 },
    });
  });
});
