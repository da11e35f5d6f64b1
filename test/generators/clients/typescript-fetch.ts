import { Configuration, FailedEventsApi, WebhooksApi } from './api/index.js';

const basePath = process.env.SANDBOX_URL!;
const apiKey = process.env.API_KEY!;
const configuration = new Configuration({ basePath, apiKey });

const post = (path: string, body: unknown): Promise<Response> =>
  fetch(basePath + path, {
    method: 'POST',
    headers: { 'x-user-context': apiKey, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

const { data: webhook } = await new WebhooksApi(configuration).createWebhook({
  createWebhookRequest: {
    url: 'http://127.0.0.1:9/',
    events: new Set(['*'] as const),
    secret: 'whsec_generated',
  },
});
await post('/_sandbox/events', { event: 'email.replied', data: { reply_sentiment: 'positive' } });
await post('/_sandbox/clock/advance', { until: 'settled' });
const failed = await new FailedEventsApi(configuration).listFailedEvents({ webhookId: webhook.id });
for (const event of failed.data) {
  if (event.event !== 'email.replied') continue;
  const sentiment = event.data.replySentiment;
  console.log(JSON.stringify({ event: event.event, sentiment, attempts: event.failure.attempts }));
}
