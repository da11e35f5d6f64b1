/**
 * All attempts of one failing event by one `advance` over HTTP, with a receiver on loopback.
 *
 * @module
 */
import { createMock } from '../../src/create-mock.ts';
import { median, startReceiver } from './support.ts';

const ROUNDS = 20;
const headers = { 'x-user-context': 'bench', 'content-type': 'application/json' };

await using receiver = await startReceiver(503);
await using mock = await createMock({ clock: 'frozen', rateLimit: false });
const post = async (path: string, body: unknown): Promise<any> => {
  const response = await fetch(mock.url + path, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  const answer = (await response.json()) as { data: unknown; error?: { message: string } };
  if (!response.ok) throw new Error(answer.error?.message);
  return answer.data;
};
await post('/v1/webhooks', {
  url: receiver.url,
  events: ['*'],
  secret: 'whsec_your-signing-secret',
});
const times: number[] = [];
for (let round = 0; round < ROUNDS; round += 1) {
  await post('/_sandbox/events', { event: 'email.replied' });
  const start = performance.now();
  const { attempts } = await post('/_sandbox/clock/advance', { by: '36m' });
  times.push(performance.now() - start);
  // The first attempt may have been made before the advance.
  if (attempts < 3) throw new Error(`the advance made only ${attempts} attempts`);
}
process.send?.({ ladder_ms: median(times.slice(1)) });
process.disconnect?.();
