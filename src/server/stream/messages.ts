/**
 * What the stream of an account tells, as server-sent events.
 *
 * @module
 */
import type { Verification } from '../../../schemas/sandbox.ts';
import type { AccountEngine, AccountEvent } from '../../engine/engine.ts';
import { attemptView, clockView, webhookView } from '../view.ts';

/** What happens in the account, and its verifications. */
export type StreamedEvent =
  | AccountEvent
  | { readonly type: 'verification.progressed'; readonly verification: Verification };

const view = (event: StreamedEvent, account: AccountEngine): object | Promise<object> => {
  switch (event.type) {
    case 'webhook.created':
    case 'webhook.updated':
    case 'webhook.deleted':
      return { type: event.type, webhook: webhookView(event.webhook) };
    case 'event.published':
      return {
        type: event.type,
        event: JSON.parse(event.event.body) as unknown,
        delivery_ids: event.deliveries,
      };
    case 'delivery.attempted': {
      const { delivery, attempt, status } = event;
      return {
        type: event.type,
        delivery_id: delivery.id,
        event_id: delivery.eventId,
        event: delivery.eventType,
        webhook_id: delivery.webhookId,
        status,
        attempt: attemptView(attempt),
      };
    }
    case 'delivery.cancelled':
    case 'delivery.acknowledged':
      return { type: event.type, delivery_id: event.id };
    case 'clock.changed':
      return account.counts().then(({ deliveries }) => ({
        type: event.type,
        clock: clockView(event.clock, deliveries.pending),
      }));
    case 'account.reset':
      return { type: event.type };
    case 'verification.progressed':
      return event;
  }
};

/** The message of an event, up to its id, which differs between streams. */
export const messageOf = async (event: StreamedEvent, account: AccountEngine): Promise<string> =>
  `event: ${event.type}\ndata: ${JSON.stringify(await view(event, account))}\nid: `;

/** Length of a finding, roughly. */
const FINDING_CHARACTERS = 300;

/** Characters of the parts of an event that can be large. */
export const charactersOf = (event: StreamedEvent): number => {
  if (event.type === 'event.published') return event.event.body.length;
  if (event.type === 'verification.progressed')
    return event.verification.findings.length * FINDING_CHARACTERS;
  return event.type === 'delivery.attempted' ? (event.attempt.response?.body.length ?? 0) : 0;
};
