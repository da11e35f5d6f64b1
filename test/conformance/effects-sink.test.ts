/**
 * What a sink saw is enough for the suite to judge a receiver that knows nothing of it.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createMock, type Mock } from '../../src/create-mock.ts';
import { reportOf, verify } from '../cli/verify-support.ts';
import { createStage, SECRET, startExample, type Stage } from '../examples/tests/support.ts';
import { startReceiver } from '../support/receiver.ts';

/** A receiver that runs. */
interface Started extends AsyncDisposable {
  readonly url: string;
}

let mock: Mock;
beforeAll(async () => {
  mock = await createMock({ clock: 'frozen' });
});
afterAll(() => mock.close());

describe('verify --effects-sink', () => {
  /** @param start starts the receiver, which calls the sink at the given URL */
  const judge = async (start: (env: Stage['env']) => Promise<Started>, only: string) => {
    const { key, env } = await createStage(mock);
    await using receiver = await start(env);
    const sandbox = ['--sandbox-url', mock.url, '--api-key', key];
    const ran = await verify(
      [receiver.url, ...sandbox, '--effects-sink', 'crm', '--only', only, '--json'],
      { env: { SENDEMALL_MOCK_SECRET: SECRET } },
    );
    const { checks } = reportOf(ran);
    return {
      status: ran.status,
      checks: Object.fromEntries(
        checks
          .filter(({ id }) => only.split(',').includes(id))
          .map(({ id, status }) => [id, status]),
      ),
    };
  };

  test('passes a receiver that works once on each event', async () => {
    expect(
      await judge(
        (env) => startExample('TypeScript', 'dedupe', env),
        'delivery/dup-seq,delivery/dup-race,delivery/dedupe-evict',
      ),
    ).toEqual({
      status: 0,
      checks: {
        'delivery/dup-seq': 'pass',
        'delivery/dup-race': 'pass',
        'delivery/dedupe-evict': 'pass',
      },
    });
  });

  test('fails one that works on each delivery', async () => {
    const callsTheSinkOnEach = (env: Stage['env']): Promise<Started> =>
      startReceiver(({ body }, response) => {
        void fetch(`${env.CRM_URL}/activities`, { method: 'POST', body }).finally(() =>
          response.end(),
        );
      });
    expect(await judge(callsTheSinkOnEach, 'delivery/dup-seq')).toEqual({
      status: 1,
      checks: { 'delivery/dup-seq': 'fail' },
    });
  });
});
