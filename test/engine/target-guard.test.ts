/**
 * Addresses of cloud metadata services: never a target, in no notation, whatever else is allowed.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createMock, type Mock } from '../../src/create-mock.ts';
import { guardedLookup } from '../../src/engine/delivery/target-guard.ts';
import { apiOf } from '../support/api.ts';
import { startReceiver } from '../support/receiver.ts';

const mocks: Mock[] = [];
beforeAll(async () => {
  for (const allowPublicTargets of [false, true])
    mocks.push(await createMock({ clock: 'frozen', rateLimit: false, allowPublicTargets }));
});
afterAll(() => Promise.all(mocks.map((mock) => mock.close())));

const attempt = async (mock: Mock, url: string): Promise<{ outcome: string; error: string }> => {
  const api = apiOf(mock.url, url);
  await api.register(url);
  const id = await api.trigger();
  await api.advance({ until: 'next_attempt' });
  const [first] = (await api.delivery(id)).attempts;
  return { outcome: String(first?.outcome), error: String(first?.error) };
};

describe('a metadata service is no target, with public targets or without', () => {
  test.each([
    'http://169.254.169.254/latest/meta-data/',
    'http://2852039166/', // decimal
    'http://0xa9fea9fe/', // hexadecimal
    'http://0251.0376.0251.0376/', // octal
    'http://169.254.43518/', // three parts
    'http://169.254.169.254./', // the root's dot
    'https://169.254.169.254:8443/',
    'http://169.254.170.2/v2/credentials',
    'http://169.254.170.23/v1/credentials',
    'http://169.254.0.23/',
    'http://100.100.100.200/latest/meta-data/',
    'http://168.63.129.16/',
    'http://192.0.0.192/',
    'http://[fd00:ec2::254]/latest/meta-data/',
    'http://[fd00:ec2::23]/v1/credentials',
    'http://[fd20:ce::254]/',
    'http://[::ffff:169.254.169.254]/', // IPv4-mapped
    'http://[::ffff:6464:64c8]/',
    'http://[::169.254.169.254]/', // IPv4-compatible
    'http://[64:ff9b::a9fe:a9fe]/', // NAT64
    'http://[2002:a9fe:a9fe::1]/', // 6to4
    'http://metadata.google.internal/computeMetadata/v1/',
    'http://METADATA.google.internal./',
  ])('%s', async (url) => {
    for (const mock of mocks) {
      const { outcome, error } = await attempt(mock, url);
      expect(outcome).toBe('blocked');
      expect(error).toContain('metadata service');
    }
  });

  test.each(['slow_body', 'reset_mid_body'])(
    'nor by a request with the fault %s',
    async (fault) => {
      for (const mock of mocks) {
        const url = 'http://100.100.100.200/';
        const api = apiOf(mock.url, `fault-${fault}`);
        await api.register(url);
        const { status } = await api.send('POST', '/_sandbox/faults', { fault });
        expect(status).toBe(201);
        const id = await api.trigger();
        await api.advance({ until: 'next_attempt' });
        const [first] = (await api.delivery(id)).attempts;
        expect([first?.outcome, first?.fault?.name]).toEqual(['blocked', fault]);
      }
    },
  );

  test('nor by a name that resolves to it', async () => {
    for (const allowPublic of [false, true]) {
      const error = await new Promise((resolve) => {
        guardedLookup(allowPublic)('100.100.100.200', {}, resolve);
      });
      expect(String(error)).toContain('100.100.100.200');
    }
  });
});

test('a loopback receiver is reached in every notation', async () => {
  await using receiver = await startReceiver();
  for (const mock of mocks) {
    for (const host of ['127.0.0.1', '2130706433', 'localhost', '[::ffff:127.0.0.1]']) {
      const { outcome } = await attempt(mock, `http://${host}:${receiver.port}/`);
      expect([host, outcome]).toEqual([host, 'delivered']);
    }
  }
});
