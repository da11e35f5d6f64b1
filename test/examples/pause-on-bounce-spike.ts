/**
 * Pause a campaign when more than 5 % of more than 20 emails bounce within an hour.
 *
 * The rate is bounces by emails sent: to count every event, as the guide's lines do, lets opens and clicks hide a
 * spike. The hour goes by the events' own times. An event that comes twice counts once. In production, keep the
 * figures in a database: here a restart forgets them. Settings: those of webhook.ts; API_URL, API_KEY, SLACK_URL.
 *
 * @module
 */
import { send, serve, setting } from './webhook.ts';

const MAX_RATE = 0.05;
const SAMPLE = 20;
const WINDOW_MS = 3_600_000;
const API_URL = setting('API_URL');
const API_KEY = setting('API_KEY');
const SLACK_URL = setting('SLACK_URL');

interface Tracker {
  start: number;
  readonly sent: Set<string>;
  readonly bounced: Set<string>;
  paused: boolean;
}

const trackers = new Map<string, Tracker>();

const trackerOf = (campaign: string, at: number): Tracker => {
  const known = trackers.get(campaign);
  if (known !== undefined && at - known.start <= WINDOW_MS) return known;
  const fresh = { start: at, sent: new Set<string>(), bounced: new Set<string>(), paused: false };
  trackers.set(campaign, fresh);
  return fresh;
};

await serve(async ({ event, id, timestamp, data }) => {
  if (event !== 'email.sent' && event !== 'email.bounced') return;
  const { campaign_id: campaign } = data;
  if (typeof campaign !== 'string') return;
  const tracker = trackerOf(campaign, Date.parse(timestamp));
  (event === 'email.sent' ? tracker.sent : tracker.bounced).add(id);
  const [sent, bounced] = [tracker.sent.size, tracker.bounced.size];
  const rate = bounced / Math.max(sent, 1);
  if (tracker.paused || sent <= SAMPLE || rate <= MAX_RATE) return;
  // Marked first, so that events that come meanwhile do not pause it again; unmarked when it fails.
  tracker.paused = true;
  try {
    await send(
      'POST',
      `${API_URL}/v1/campaigns/${encodeURIComponent(campaign)}/pause`,
      {},
      { 'x-user-context': API_KEY },
    );
  } catch (error) {
    tracker.paused = false;
    throw error;
  }
  // A Slack that is down is no reason to pause again.
  await send('POST', `${SLACK_URL}/messages`, {
    event_id: id,
    channel: '#alerts',
    text: `Campaign ${campaign} paused: ${(rate * 100).toFixed(1)}% bounce rate`,
  }).catch((error: unknown) => console.error(`no alert of ${campaign}: ${String(error)}`));
});
