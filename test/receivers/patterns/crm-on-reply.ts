/**
 * Update the CRM on a reply, and tell the sales rep of a positive one.
 *
 * The work is done before the answer: when the CRM is down the answer is 503, and the provider sends the event again.
 * So the calls must bear repeating: the contact is put, not posted, and the message has the event's id as its key.
 *
 * @module
 */
import { send, serve, setting } from './webhook.ts';

await serve(async ({ event, id, timestamp, data }) => {
  if (event !== 'email.replied') return;
  const email = String(data['lead_email']);
  await send('PUT', `${setting('CRM_URL')}/contacts/${encodeURIComponent(email)}`, {
    event_id: id,
    email,
    status: 'replied',
    sentiment: data['reply_sentiment'],
    last_activity: timestamp,
  });
  if (data['reply_sentiment'] !== 'positive') return;
  const { lead_name: name, lead_company: company, reply_preview: preview } = data;
  await send(
    'POST',
    `${setting('SLACK_URL')}/messages`,
    {
      event_id: id,
      channel: '#sales-replies',
      text: `Positive reply from ${name} at ${company}: ${preview}`,
    },
    { 'idempotency-key': id },
  );
});
