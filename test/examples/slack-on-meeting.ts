/**
 * Alert Slack when a reply sounds like a meeting. Settings: those of webhook.ts and event-store.ts; SLACK_URL.
 *
 * @module
 */
import { once } from './event-store.ts';
import { send, serve, setting } from './webhook.ts';

const SLACK_URL = setting('SLACK_URL');

const KEYWORDS = [
  'calendar',
  'schedule',
  'thursday',
  'friday',
  'next week',
  'available',
  "let's talk",
];

const handle = once(async ({ event, id, data }) => {
  if (event !== 'email.replied') return;
  // People's phones write a typographic apostrophe.
  const preview = String(data['reply_preview'] ?? '')
    .toLowerCase()
    .replaceAll('\u2019', "'");
  if (!KEYWORDS.some((keyword) => preview.includes(keyword))) return;
  await send(
    'POST',
    `${SLACK_URL}/messages`,
    {
      event_id: id,
      channel: '#meetings',
      text: `Possible meeting request from ${data['lead_name'] ?? data['lead_email'] ?? 'a lead'}. Check reply.`,
    },
    { 'idempotency-key': id },
  );
});

await serve(handle);
