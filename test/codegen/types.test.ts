import { describe, expectTypeOf, test } from 'vitest';
import type {
  CampaignCompletedData,
  CreateWebhookRequest,
  EmailRepliedData,
  EventType,
  WebhookEvent,
} from '../../schemas/index.ts';
import { EVENT_EXAMPLES, EVENT_TYPES } from '../../schemas/index.ts';

describe('generated types', () => {
  test('an event narrows on `event`', () => {
    const narrow = (event: WebhookEvent): void => {
      expectTypeOf(event.id).toEqualTypeOf<string>();
      switch (event.event) {
        case 'email.replied':
          expectTypeOf(event.data).toEqualTypeOf<EmailRepliedData>();
          expectTypeOf(event.data.reply_sentiment).toEqualTypeOf<
            'positive' | 'neutral' | 'negative' | 'out_of_office' | 'unsubscribe'
          >();
          expectTypeOf(event.data.lead_name).toEqualTypeOf<string | undefined>();
          break;
        case 'campaign.completed':
          expectTypeOf(event.data).toEqualTypeOf<CampaignCompletedData>();
          // @ts-expect-error: it is about a campaign, so it has no lead
          event.data.lead_email satisfies string;
          break;
        default:
          expectTypeOf(event.data.lead_email).toEqualTypeOf<string>();
      }
    };
    for (const type of EVENT_TYPES) narrow(EVENT_EXAMPLES[type][0]);
  });

  test('the names of events are one union, whoever says them', () => {
    expectTypeOf<WebhookEvent['event']>().toEqualTypeOf<EventType>();
  });

  test('what is required is required', () => {
    expectTypeOf<CreateWebhookRequest>().toHaveProperty('secret').toEqualTypeOf<string>();
    // @ts-expect-error: there is no secret
    ({ url: 'http://localhost', events: ['*'] }) satisfies CreateWebhookRequest;
  });
});
