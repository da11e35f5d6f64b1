import { describe, expectTypeOf, test } from 'vitest';
import type {
  CampaignCompletedData,
  CreateWebhookRequest,
  EmailRepliedData,
  EventType,
  UnknownEvent,
  UnknownFailedEvent,
  FailedEvent,
  Webhook,
  WebhookEvent,
} from '../../schemas/index.ts';
import { EVENT_EXAMPLES, EVENT_TYPES } from '../../schemas/index.ts';
import type * as strict from '../../schemas/strict.ts';

type Sentiment = 'positive' | 'neutral' | 'negative' | 'out_of_office' | 'unsubscribe';

describe('strict types', () => {
  test('an event narrows on `event`', () => {
    const narrow = (event: strict.WebhookEvent): void => {
      expectTypeOf(event.id).toEqualTypeOf<string>();
      switch (event.event) {
        case 'email.replied':
          expectTypeOf(event.data).toEqualTypeOf<strict.EmailRepliedData>();
          expectTypeOf(event.data.reply_sentiment).toEqualTypeOf<Sentiment>();
          expectTypeOf(event.data.lead_name).toEqualTypeOf<string | undefined>();
          break;
        case 'campaign.completed':
          expectTypeOf(event.data).toEqualTypeOf<strict.CampaignCompletedData>();
          // @ts-expect-error: it is about a campaign, so it has no lead
          event.data.lead_email satisfies string;
          break;
        default:
          expectTypeOf(event.data.lead_email).toEqualTypeOf<string>();
      }
    };
    for (const type of EVENT_TYPES) narrow(EVENT_EXAMPLES[type][0]);
  });

  test('the names of events are one union', () => {
    expectTypeOf<strict.WebhookEvent['event']>().toEqualTypeOf<EventType>();
  });
});

describe('tolerant types', () => {
  test('an event narrows on `event`, and what is left in the end is unknown', () => {
    const narrow = (event: WebhookEvent): string => {
      switch (event.event) {
        case 'email.replied':
          expectTypeOf(event.data).toEqualTypeOf<EmailRepliedData>();
          expectTypeOf(event.data.lead_name).toEqualTypeOf<string | undefined>();
          return event.data.reply_sentiment;
        case 'campaign.completed':
          expectTypeOf(event.data).toEqualTypeOf<CampaignCompletedData>();
          return event.data.campaign_name;
        case 'email.sent':
        case 'email.delivered':
        case 'email.opened':
        case 'email.clicked':
        case 'email.bounced':
        case 'email.unsubscribed':
          return event.data.lead_email;
        default:
          expectTypeOf(event).toEqualTypeOf<UnknownEvent>();
          expectTypeOf(event.data).toEqualTypeOf<{ [key: string]: unknown }>();
          return String(event.event);
      }
    };
    for (const type of EVENT_TYPES) narrow(EVENT_EXAMPLES[type][0]);
  });

  test('a list is known to hold what it holds today, and may hold other texts', () => {
    expectTypeOf<EmailRepliedData['reply_sentiment']>().toEqualTypeOf<Sentiment | (string & {})>();
    expectTypeOf<Webhook['status']>().toEqualTypeOf<'active' | 'paused' | (string & {})>();
  });

  test('what is strict is tolerant too', () => {
    expectTypeOf<strict.WebhookEvent>().toExtend<WebhookEvent>();
    expectTypeOf<strict.FailedEvent>().toExtend<FailedEvent>();
    expectTypeOf<UnknownFailedEvent>().toExtend<FailedEvent>();
  });

  test('requests are strict: a client decides what it sends', () => {
    expectTypeOf<CreateWebhookRequest>().toHaveProperty('secret').toEqualTypeOf<string>();
    // @ts-expect-error: there is no secret
    ({ url: 'http://localhost', events: ['*'] }) satisfies CreateWebhookRequest;
    // @ts-expect-error: there is no such event
    ['email.read'] satisfies CreateWebhookRequest['events'];
  });
});
