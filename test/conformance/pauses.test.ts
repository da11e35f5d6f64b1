/**
 * Whether a receiver pauses a campaign on a bounce spike, seen on the provider's own API.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createMock, type Mock } from '../../src/create-mock.ts';
import { reportOf, verify } from '../cli/verify-support.ts';
import {
  createStage,
  LANGUAGES,
  SECRET,
  startExample,
  type Language,
} from '../examples/tests/support.ts';

let mock: Mock;
beforeAll(async () => {
  mock = await createMock({ clock: 'frozen' });
});
afterAll(() => mock.close());

const env = { SENDEMALL_MOCK_SECRET: SECRET };

const judge = async (language: Language, example: string) => {
  const { key, client, env: stage } = await createStage(mock);
  await using receiver = await startExample(language, example, stage);
  const sandbox = ['--sandbox-url', mock.url, '--api-key', key, '--pauses'];
  const only = ['--only', 'domain/pause-on-spike', '--json'];
  const ran = await verify([receiver.url, ...sandbox, ...only], { env });
  const result = reportOf(ran).checks.find(({ id }) => id === 'domain/pause-on-spike');
  const left = await client.campaigns.list().page();
  return { status: ran.status, result, left: left.items };
};

describe.each(LANGUAGES)('verify --pauses, in $language', ({ language, missing }) => {
  describe.skipIf(missing !== null)('the guide’s pattern', () => {
    test('passes, and leaves no campaign behind', async () => {
      const { status, result, left } = await judge(language, 'pause-on-bounce-spike');
      expect({ status, check: result?.status, left }).toEqual({
        status: 0,
        check: 'pass',
        left: [],
      });
    });

    test('a receiver without it is reported as INFO, which does not fail the run', async () => {
      const { status, result } = await judge(language, 'dedupe');
      expect(status).toBe(0);
      expect(result).toMatchObject({
        level: 'INFO',
        status: 'fail',
        actual: 'it was still active 5 s later',
      });
    });
  });
});

test('without a sandbox it says what to give', async () => {
  const { status, stderr } = await verify(['http://127.0.0.1:9/', '--pauses'], { env });
  expect(status).toBe(2);
  expect(stderr).toMatch(/--pauses requires a running sandbox .*--sandbox-url/);
});

test('a sandbox that does not answer is the suite’s trouble', async () => {
  const { env: stage } = await createStage(mock);
  await using receiver = await startExample('TypeScript', 'dedupe', stage);
  const ran = await verify(
    [
      receiver.url,
      '--pauses',
      '--sandbox-url',
      'http://127.0.0.1:9',
      '--only',
      'domain/pause-on-spike',
      '--json',
    ],
    { env },
  );
  expect(ran.status).toBe(2);
  expect(ran.stderr).toContain('The campaign hook failed: cannot use the sandbox.');
});
