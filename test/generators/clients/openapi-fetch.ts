import createClient from 'openapi-fetch';
import type { paths } from './api.js';
import type { paths as SandboxPaths } from './sandbox.js';

const baseUrl = process.env.SANDBOX_URL!;
const headers = { 'x-user-context': process.env.API_KEY! };
const api = createClient<paths>({ baseUrl, headers });
const sandbox = createClient<SandboxPaths>({ baseUrl, headers });

const { data: registered } = await api.POST('/v1/webhooks', {
  body: { url: 'http://127.0.0.1:9/', events: ['*'], secret: 'whsec_generated' },
});
await sandbox.POST('/_sandbox/events', {
  body: { event: 'email.replied', data: { reply_sentiment: 'positive' } },
});
await sandbox.POST('/_sandbox/clock/advance', { body: { until: 'settled' } });
const { data: failed } = await api.GET('/v1/webhooks/{webhook_id}/failed-events', {
  params: { path: { webhook_id: registered!.data.id } },
});
for (const event of failed!.data) {
  if (event.event !== 'email.replied') continue;
  const sentiment: 'positive' | 'neutral' | 'negative' | 'out_of_office' | 'unsubscribe' =
    event.data.reply_sentiment;
  console.log(JSON.stringify({ event: event.event, sentiment, attempts: event.failure.attempts }));
}
