/**
 * A delivery as something to paste: `curl`, a vitest test, commands that trigger the same event again.
 *
 * @module
 */
import type { Attempt, DeliveryDetail } from '../../../schemas/sandbox.ts';
import { quoteForShell, shellWord } from '../../domain/shell.ts';

/** The request of one attempt, byte for byte. */
export const asCurl = ({ request }: Attempt, body: string): string =>
  [
    `curl -i -X POST ${shellWord(request.url)}`,
    ...request.headers.map(([name, value]) => `  -H ${quoteForShell(`${name}: ${value}`)}`),
    `  --data-binary ${quoteForShell(body)}`,
  ].join(' \\\n');

interface Event {
  readonly event: string;
  readonly id: string;
  readonly timestamp: string;
  readonly data: object;
}

/** The event in the body; null if the body is not one. */
export const eventIn = (body: string): Event | null => {
  try {
    const value = JSON.parse(body) as Partial<Event> | null;
    const { event, id, timestamp, data } = value ?? {};
    return typeof event === 'string' &&
      typeof id === 'string' &&
      typeof timestamp === 'string' &&
      typeof data === 'object' &&
      data !== null
      ? { event, id, timestamp, data }
      : null;
  } catch {
    return null;
  }
};

const indent = (text: string, by: string): string => text.replaceAll('\n', `\n${by}`);

/** A test that sends the same event to the same receiver and expects that it arrives. */
export const asVitest = ({ url, body, event_id: id }: DeliveryDetail): string | null => {
  const event = eventIn(body);
  if (event === null) return null;
  const options = JSON.stringify({ id, timestamp: event.timestamp, data: event.data }, null, 2);
  return `import { test } from 'sendemall-mock/vitest';
import { expect } from 'vitest';

test(${JSON.stringify(`${event.event} ${id} is accepted`)}, async ({ sandbox }) => {
  const receiver = await sandbox.register(${JSON.stringify(url)});
  const triggered = await sandbox.trigger(${JSON.stringify(event.event)}, ${indent(options, '  ')});
  await expect(triggered).toBeDelivered();
  await expect(triggered).toBeSignedWith(receiver.secret);
});
`;
};

/** A script that replays the event and its retries in a fresh sandbox, on a clock that stands still. */
export const asScenario = (delivery: DeliveryDetail): string | null => {
  const event = eventIn(delivery.body);
  if (event === null) return null;
  return `#!/bin/sh
# In another terminal, with the signing secret of your receiver:
#   sendemall-mock serve --clock frozen --forward-to ${shellWord(delivery.url)} --secret "$SECRET"
set -eu
printf '%s' ${quoteForShell(JSON.stringify(event.data))} |
  sendemall-mock trigger ${shellWord(event.event)} --id ${shellWord(event.id)} --timestamp ${shellWord(event.timestamp)} --data-file -
sendemall-mock clock advance --until settled
sendemall-mock deliveries list --event ${shellWord(event.event)}
`;
};
