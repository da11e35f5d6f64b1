/**
 * `npm run demo`: a sandbox, a real Express receiver, an outage of 35.5 minutes and the recovery, in seconds.
 * Every step is checked; it ends with status 1 when one is not as it should be.
 *
 * @module
 */
import type { FailedEvent, Webhook } from '../../schemas/control.ts';
import type {
  AdvanceResult,
  DeliveryDetail,
  TriggerResult,
  WaitResult,
} from '../../schemas/sandbox.ts';
import { createMock, type Mock } from '../../src/create-mock.ts';
import { check, createCaller, DemoFailure, note, say, step } from './narrator.ts';
import { startDemoReceiver } from './receiver.ts';

const SECRET = 'whsec_your-signing-secret';

/** `T+5m 30s` */
const since = (start: string, moment: string): string => {
  const seconds = (Date.parse(moment) - Date.parse(start)) / 1000;
  const minutes = Math.floor(seconds / 60);
  const parts = [
    minutes > 0 ? `${minutes}m` : '',
    seconds % 60 > 0 || seconds === 0 ? `${seconds % 60}s` : '',
  ];
  return `T+${parts.filter((part) => part !== '').join(' ')}`;
};

const tell = async (mock: Mock): Promise<void> => {
  const receiver = await startDemoReceiver(SECRET);
  const call = createCaller(mock.url, 'your-api-key');
  say(`The sandbox is listening on ${mock.url}, an Express receiver on ${receiver.url}.`);

  try {
    step('Register the receiver, as the guide does');
    const webhook = await call<Webhook>('POST', '/v1/webhooks', {
      url: receiver.url,
      events: ['*'],
      secret: SECRET,
    });
    check(webhook.status === 'active', `webhook ${webhook.id} is active`);

    step('Trigger a reply: it is signed and delivered');
    const reply = await call<TriggerResult>('POST', '/_sandbox/events', { event: 'email.replied' });
    const first = await call<WaitResult>(
      'GET',
      `/_sandbox/deliveries/${reply.deliveries[0]?.id}/wait`,
    );
    check(
      first.delivery.status === 'delivered',
      'the receiver verified the signature and answered 200',
    );
    note(
      `     ${first.delivery.attempts[0]?.request.headers.map(([name = '', value = '']) => `${name}: ${value.slice(0, 40)}`).join('  ')}`,
    );

    step('Take the receiver down, and trigger three bounces');
    await receiver.down();
    const bounces = await call<TriggerResult>('POST', '/_sandbox/events', {
      event: 'email.bounced',
      count: 3,
    });
    check(bounces.deliveries.length === 3, 'three deliveries are accepted');

    step('Advance the clock through all retries');
    const wall = performance.now();
    const advanced = await call<AdvanceResult>('POST', '/_sandbox/clock/advance', { by: '35m30s' });
    const took = Math.round(performance.now() - wall);
    const dead = await call<DeliveryDetail>(
      'GET',
      `/_sandbox/deliveries/${bounces.deliveries[0]?.id}`,
    );
    for (const { number, started_at, outcome, error } of dead.attempts) {
      say(
        `     attempt ${number}  ${since(dead.created_at, started_at).padEnd(10)}  ${outcome.padEnd(8)}  ${error?.split(';')[0]}`,
      );
    }
    const times = dead.attempts.map(({ started_at }) => since(dead.created_at, started_at));
    check(
      times.join(' ') === 'T+0s T+30s T+5m 30s T+35m 30s',
      'the four attempts came at T, T+30s, T+5m 30s and T+35m 30s',
    );
    check(
      dead.status === 'dead',
      `${since(advanced.from, advanced.to).slice(2)} of retries took ${took} ms; the events are dead letters now`,
    );

    step('Bring the receiver up and recover, as the guide does');
    await receiver.up();
    const failed = await call<FailedEvent[]>('GET', `/v1/webhooks/${webhook.id}/failed-events`);
    check(failed.length === 3, 'the provider’s API lists three failed events');
    for (const event of failed) {
      receiver.process(event);
      await call('POST', `/v1/webhooks/${webhook.id}/failed-events/${event.id}/acknowledge`);
    }
    const left = await call<FailedEvent[]>('GET', `/v1/webhooks/${webhook.id}/failed-events`);
    check(left.length === 0, 'every dead letter is acknowledged');
    check(receiver.processed.size === 4, 'the receiver has processed all four events, each once');
  } finally {
    await receiver.down();
  }
};

const started = performance.now();
try {
  await using mock = await createMock({ clock: 'frozen', seed: 7363 });
  process.once('SIGINT', () => process.exit(130));
  await tell(mock);
  say(`\nDone in ${((performance.now() - started) / 1000).toFixed(1)} s. Try your own receiver:`);
  say('  npx sendemall-mock serve --forward-to http://localhost:3000/webhooks/sendemall');
} catch (error) {
  const words =
    error instanceof DemoFailure
      ? error.message
      : error instanceof Error
        ? error.stack
        : String(error);
  console.error(`\nThe demo failed. ${words}`);
  process.exitCode = 1;
}
