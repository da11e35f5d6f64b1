/**
 * State hooks that lack a key, or return it under another name.
 *
 * @module
 */
import { createServer } from 'node:http';
import { describe, expect, test } from 'vitest';
import { check as bounceClass } from '../../../src/conformance/checks/domain/bounce-class.ts';
import { check as openMonotonic } from '../../../src/conformance/checks/domain/open-monotonic.ts';
import { check as suppressedGlobally } from '../../../src/conformance/checks/domain/suppressed-globally.ts';
import { check as unsubWins } from '../../../src/conformance/checks/domain/unsub-wins.ts';
import { createHttpHooks } from '../../../src/conformance/hooks/http-hooks.ts';
import { missesKeys } from '../../../src/conformance/judge/state-keys.ts';
import { kill, open } from '../../receivers/receiver.ts';
import { right, scripted } from '../scripted-receiver.ts';

const MISSING =
  'The state hook returns no value for "suppressed", "unsubscribed", "open_count", "sentiment", "rates". It returned "known", "isSuppressed", "openCount". Add what your receiver stores, under these names.';

describe('all missing keys are named at once, with those that came', () => {
  test('over HTTP, with the unknown ones that came', async () => {
    const server = createServer((_, response) =>
      response.end('{"known": true, "isSuppressed": true, "openCount": 3}'),
    );
    const stateUrl = `http://127.0.0.1:${await open(server)}/{lead_email}`;
    await using receiver = await scripted(right, { hooks: createHttpHooks({ stateUrl }) });
    const checks = [bounceClass, openMonotonic, suppressedGlobally, unsubWins];
    const verdicts = await Promise.all(checks.map((check) => check.run(receiver.probe)));
    await kill(server);
    // The same words for each of them: one line in the report.
    expect(verdicts).toEqual(checks.map(() => ({ status: 'not_tested', reason: MISSING })));
  });

  test('by a callback', () => {
    const state = { known: true, isSuppressed: true, openCount: 3 };
    expect(missesKeys(state)).toEqual({ status: 'not_tested', reason: MISSING });
  });

  test('only those without a value; null is one for the sentiment', () => {
    const state = { known: true, suppressed: false, unsubscribed: false, sentiment: null };
    expect(missesKeys({ ...state, keys: ['suppressed', 'open_count'] })).toEqual({
      status: 'not_tested',
      reason:
        'The state hook returns no value for "open_count", "rates". It returned "suppressed", "open_count". Add what your receiver stores, under these names.',
    });
  });

  test('an empty object', () => {
    expect(missesKeys({ known: true, keys: [] })).toMatchObject({
      reason: expect.stringContaining('It returned no keys.') as string,
    });
  });
});
