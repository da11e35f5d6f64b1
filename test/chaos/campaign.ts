/**
 * A campaign that runs under chaos, and the same campaign on a sandbox that nothing happens to.
 *
 * @module
 */
import { createMock } from '../../src/create-mock.ts';
import { apiOf, type Api } from '../support/api.ts';
import { leads, sequence, settings } from '../support/campaign.ts';
import { startReceiver } from '../support/receiver.ts';
import { insist, request, type ClientContext } from './clients.ts';

const DAY_MS = 86_400_000;
const DAYS = 14;

export interface CampaignRun {
  readonly key: string;
  /** The account when the campaign began. */
  readonly snapshot: unknown;
  readonly endsAt: number;
}

/** Create the account and its campaign, before anything fails. */
export const beginCampaign = async (
  context: ClientContext,
  key: string,
  receiver: string,
): Promise<CampaignRun> => {
  const call = <T>(method: string, path: string, body?: unknown): Promise<T> =>
    insist<T>(context, key, method, path, body);
  await call('PUT', '/_sandbox/clock', { mode: 'frozen' });
  const webhook = { url: receiver, events: ['*'], secret: 'whsec_your-signing-secret' };
  await call('POST', '/v1/webhooks', webhook);
  const sequences = sequence(0, 2, 5);
  const { id } = await call<{ id: string }>('POST', '/v1/campaigns', settings({ sequences }));
  await call('POST', `/v1/campaigns/${id}/leads`, { leads: leads(60) });
  await call('POST', `/v1/campaigns/${id}/activate`);
  const snapshot = await call('GET', '/_sandbox/snapshot');
  const { now } = await call<{ now: string }>('GET', '/_sandbox/clock');
  return { key, snapshot, endsAt: Date.parse(now) + DAYS * DAY_MS };
};

const timeOf = async (context: ClientContext, key: string): Promise<number> =>
  Date.parse((await insist<{ now: string }>(context, key, 'GET', '/_sandbox/clock')).now);

/** Advance the clock in steps until the campaign is over, or the run. */
export const runCampaign = async (
  context: ClientContext,
  { key, endsAt }: CampaignRun,
  stepMs: number,
  pauseMs: number,
  isOver: () => boolean,
): Promise<void> => {
  for (;;) {
    const now = await timeOf(context, key);
    if (now >= endsAt) return;
    const to = new Date(Math.min(endsAt, now + stepMs * (0.5 + context.random()))).toISOString();
    await request(context, key, 'POST', '/_sandbox/clock/advance', { to });
    if (isOver()) continue;
    await new Promise((resolve) => {
      setTimeout(resolve, pauseMs);
    });
  }
};

interface Event {
  readonly body?: unknown;
}

/** All events of an account, oldest first. */
const eventsOf = async (api: Api): Promise<readonly Event[]> => {
  const events: Event[] = [];
  let cursor: string | null | undefined;
  do {
    const reply = await api.get<Event[]>(
      `/_sandbox/events?limit=100${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`,
    );
    events.push(...reply.data);
    cursor = reply.meta.next_cursor;
  } while (cursor);
  return events.toReversed();
};

/** What the campaign published under chaos, and what it publishes without. */
export const compareCampaign = async (
  url: string,
  { key, snapshot, endsAt }: CampaignRun,
): Promise<{ readonly actual: readonly Event[]; readonly expected: readonly Event[] }> => {
  await using receiver = await startReceiver();
  await using mock = await createMock({ clock: 'frozen', rateLimit: false });
  const reference = apiOf(mock.url, key);
  const restored = await reference.send('PUT', '/_sandbox/snapshot', snapshot);
  if (restored.status !== 200) throw new Error(restored.error.message);
  const [webhook] = (await reference.get<{ id: string }[]>('/v1/webhooks')).data;
  await reference.send('PATCH', `/v1/webhooks/${webhook!.id}`, { url: receiver.url });
  await reference.advance({ to: new Date(endsAt).toISOString() });
  return { actual: await eventsOf(apiOf(url, key)), expected: await eventsOf(reference) };
};
