/**
 * `trigger --to`: straight to a receiver, with no sandbox anywhere.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { answer, freePort, startReceiver } from '../support/receiver.ts';
import { run } from './support.ts';

const SECRET = 'whsec_straight-to-you';
const to = (url: string, ...more: string[]) =>
  run(['trigger', 'email.replied', '--to', url, ...more], {
    env: { SENDEMALL_MOCK_SECRET: SECRET, SENDEMALL_MOCK_SANDBOX_URL: 'http://127.0.0.1:9' },
  });

test('sends a signed event once and shows what went out and came back', async () => {
  await using receiver = await startReceiver(answer(202, 'thanks'));
  const { status, stdout, stderr } = await to(
    receiver.url,
    '--id',
    'evt_direct',
    '--data',
    'lead_name=Ada',
    '--timestamp',
    '2026-04-06T14:23:17Z',
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(receiver.received).toHaveLength(1);
  const [request] = receiver.received;
  expect(JSON.parse(request!.body)).toMatchObject({
    event: 'email.replied',
    id: 'evt_direct',
    timestamp: '2026-04-06T14:23:17Z',
    data: { lead_name: 'Ada' },
  });
  const signature = String(request!.headers['x-sendemall-signature']);
  expect(stdout).toContain(`POST ${receiver.url}`);
  expect(stdout).toContain(`X-SendEmAll-Signature: ${signature}`);
  expect(stdout).toContain(request!.body);
  expect(stdout).toMatch(/202 in \d+ ms[^]*thanks[^]*Delivered\.\n$/);
  expect(stdout).not.toContain(SECRET);
  const checked = await run(['check-signature', '--signature', signature, '--secret', SECRET], {
    input: request!.bytes,
  });
  expect(checked.status).toBe(0);
});

test('in JSON', async () => {
  await using receiver = await startReceiver(answer(401));
  const { status, stdout } = await to(receiver.url, '--json');
  expect(status).toBe(1);
  const sent = JSON.parse(stdout);
  expect(sent).toMatchObject({
    delivered: false,
    outcome: 'non_2xx',
    request: { method: 'POST', url: receiver.url, body: receiver.received[0]!.body },
    response: { status: 401 },
  });
  expect(sent.request.headers).toContainEqual(['Content-Type', 'application/json']);
});

test('a receiver that is not there is status 1', async () => {
  const { status, stdout } = await to(`http://127.0.0.1:${await freePort()}/`);
  expect(status).toBe(1);
  expect(stdout).toMatch(/Not delivered \(refused, .*is the receiver running/);
});

test('wrong data is wrong usage, and nothing is sent', async () => {
  await using receiver = await startReceiver();
  const { status, stdout, stderr } = await to(receiver.url, '--data', 'reply_sentiment=angry');
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toContain('reply_sentiment');
  expect(receiver.received).toEqual([]);
});

test('a field that the contract does not name is sent, and told', async () => {
  await using receiver = await startReceiver();
  const { status, stderr } = await to(receiver.url, '--data', 'reply_sentimant=positive');
  expect(status).toBe(0);
  expect(stderr).toContain('"data.reply_sentimant"');
  expect(JSON.parse(receiver.received[0]!.body).data.reply_sentimant).toBe('positive');
});
