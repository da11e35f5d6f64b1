/**
 * Update the CRM on a reply, and tell the sales rep of a positive one.
 *
 * The work is done before the answer: when the CRM is down the answer is 503, and the provider sends the event again.
 * So the calls must bear repeating: the contact is put, not posted, and the message has the event's id as its key.
 * Settings: those of webhook.ts and event-store.ts; CRM_URL, SLACK_URL.
 *
 * @module
 */
import { once } from './event-store.ts';
import { send, serve, setting } from './webhook.ts';

const CRM_URL = setting('CRM_URL');
const SLACK_URL = setting('SLACK_URL');

const handle = once(async ({ event, id, timestamp, data }) => {
  if (event !== 'email.replied') return;
  // Everything but the address may be missing: what is not known is left out.
  const { lead_email: email, lead_name: name, lead_company: company } = data;
  if (typeof email !== 'string') throw new Error('the reply has no lead_email');
  await send('PUT', `${CRM_URL}/contacts/${encodeURIComponent(email)}`, {
    event_id: id,
    email,
    status: 'replied',
    sentiment: data['reply_sentiment'] ?? null,
    last_activity: timestamp,
  });
  if (data['reply_sentiment'] !== 'positive') return;
  const who = `${name ?? email}${company == null ? '' : ` at ${company}`}`;
  await send(
    'POST',
    `${SLACK_URL}/messages`,
    {
      event_id: id,
      channel: '#sales-replies',
      text: `Positive reply from ${who}: ${data['reply_preview'] ?? '(no preview)'}`,
    },
    { 'idempotency-key': id },
  );
});

await serve(handle);
