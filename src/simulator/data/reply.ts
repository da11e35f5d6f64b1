/**
 * Generates replies with realistic text.
 *
 * @module
 */
import type { Faker } from '@faker-js/faker';
import type { ReplySentiment } from '../../../schemas/events.ts';

const TEXTS: Readonly<Record<ReplySentiment, readonly string[]>> = {
  positive: [
    'Good timing, we are comparing tools this month. Could you walk two of us through it on Thursday?',
    'This looks like what our team has been asking for. What does it cost for twelve seats?',
    'Happy to talk. My calendar is open next week, mornings are best – just pick a slot.',
    'Yes please, send me the details and a case study from our industry if you have one.',
  ],
  neutral: [
    'Thanks, I am not the right person for this. Our head of operations looks after suppliers.',
    'Could you explain in a sentence or two how this differs from what we have?',
    'Interesting, but the budget for this year is spent. Ask me again in the new quarter.',
    'Received. I will pass it on to the team and come back to you if there is interest.',
  ],
  negative: [
    'We are happy with our current provider and do not plan to change.',
    'This has nothing to do with what we do. Please read our website before you write.',
    'No, thank you. We build this ourselves.',
    'Not interested, and three e-mails in one week is too many.',
  ],
  out_of_office: [
    'Thank you for your message. I am out of the office until Monday with limited access to e-mail.',
    'I am on parental leave and will answer when I am back. In urgent cases please write to the front desk.',
    'Automatic reply: I am travelling this week and will read my mail on my return.',
  ],
  unsubscribe: [
    'Please take me off your list.',
    'Unsubscribe',
    'Remove this address from all of your mailings, please, and confirm that you did.',
  ],
};

/** Weights of the sentiments by the provider's benchmark: 40–60 % positive, 15–25 % "not now", the rest negative. */
const WEIGHTS: readonly { readonly value: ReplySentiment; readonly weight: number }[] = [
  { value: 'positive', weight: 45 },
  { value: 'neutral', weight: 20 },
  { value: 'negative', weight: 18 },
  { value: 'out_of_office', weight: 10 },
  { value: 'unsubscribe', weight: 7 },
];

export const isSentiment = (value: unknown): value is ReplySentiment =>
  typeof value === 'string' && Object.hasOwn(TEXTS, value);

export const makeReply = (
  faker: Faker,
  given?: ReplySentiment,
): { readonly reply_sentiment: ReplySentiment; readonly reply_preview: string } => {
  const sentiment = given ?? faker.helpers.weightedArrayElement(WEIGHTS);
  return {
    reply_sentiment: sentiment,
    reply_preview: faker.helpers.arrayElement(TEXTS[sentiment]),
  };
};
