import { client as apiClient } from './api/client.gen';
import { createWebhook, listFailedEvents } from './api/sdk.gen';
import { client as sandboxClient } from './sandbox/client.gen';
import { advanceClock, triggerEvents } from './sandbox/sdk.gen';

const settings = { baseUrl: process.env.SANDBOX_URL!, auth: () => process.env.API_KEY! };
apiClient.setConfig(settings);
sandboxClient.setConfig(settings);

const { data: registered } = await createWebhook({
  body: { url: 'http://127.0.0.1:9/', events: ['*'], secret: 'whsec_generated' },
});
await triggerEvents({ body: { event: 'email.replied', data: { reply_sentiment: 'positive' } } });
await advanceClock({ body: { until: 'settled' } });
const { data: failed } = await listFailedEvents({ path: { webhook_id: registered!.data.id } });
for (const event of failed!.data) {
  if (event.event !== 'email.replied') continue;
  const sentiment: 'positive' | 'neutral' | 'negative' | 'out_of_office' | 'unsubscribe' =
    event.data.reply_sentiment;
  console.log(JSON.stringify({ event: event.event, sentiment, attempts: event.failure.attempts }));
}
