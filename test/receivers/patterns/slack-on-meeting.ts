/**
 * Alert Slack when a reply sounds like a meeting.
 *
 * @module
 */
import { send, serve, setting } from './webhook.ts';

const KEYWORDS = [
  'calendar',
  'schedule',
  'thursday',
  'friday',
  'next week',
  'available',
  "let's talk",
];

await serve(async ({ event, id, data }) => {
  if (event !== 'email.replied') return;
  // People's phones write a typographic apostrophe.
  const preview = String(data['reply_preview'] ?? '')
    .toLowerCase()
    .replaceAll('\u2019', "'");
  if (!KEYWORDS.some((keyword) => preview.includes(keyword))) return;
  await send(
    'POST',
    `${setting('SLACK_URL')}/messages`,
    {
      event_id: id,
      channel: '#meetings',
      text: `Possible meeting request from ${data['lead_name']}. Check reply.`,
    },
    { 'idempotency-key': id },
  );
});
