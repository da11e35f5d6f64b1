/**
 * One campaign: funnel, bounce rate over time with the line at 5 %, leads with their state.
 *
 * @module
 */
import type { Campaign, CampaignAnalytics, Lead } from '../../../schemas/control.ts';
import type { WebhookEvent } from '../../../schemas/events.ts';
import { BOUNCE_LIMIT, bounceRates, layOut, type Point } from '../model/bounce-rate.ts';
import { go } from '../state/location.ts';
import { useResource } from '../state/resource.ts';
import { client, notify, perform } from '../state/session.ts';
import { Loaded, Page } from './page.tsx';
import { Status } from './status.tsx';
import { Line } from './text.tsx';

interface CampaignData {
  readonly campaign: Campaign;
  readonly analytics: CampaignAnalytics;
  readonly leads: readonly Lead[];
  readonly hasMoreLeads: boolean;
  readonly rates: readonly Point[];
}

type Api = (typeof client)['value'];

/** Three requests to the provider's API each time, which has a rate limit. */
const REFRESH_MS = 2000;
const MAX_EVENT_PAGES = 20;
const PAGE = 100;

const readEvents = async (api: Api, event: string): Promise<readonly WebhookEvent[]> => {
  const all: WebhookEvent[] = [];
  for await (const one of api.events.list({ event, limit: PAGE })) {
    all.push(one);
    if (all.length === MAX_EVENT_PAGES * PAGE) break;
  }
  return all;
};

const readCampaign = async (api: Api, id: string): Promise<CampaignData> => {
  const [campaign, analytics, leads, sent, bounced] = await Promise.all([
    api.campaigns.get(id),
    api.campaigns.analytics(id),
    api.campaigns.leads(id, { limit: PAGE }).page(),
    readEvents(api, 'email.sent'),
    readEvents(api, 'email.bounced'),
  ]);
  return {
    campaign,
    analytics,
    leads: leads.items,
    hasMoreLeads: leads.nextCursor !== null,
    rates: bounceRates([...sent, ...bounced], id),
  };
};

const percent = (part: number, whole: number): string =>
  whole === 0 ? '–' : `${((part / whole) * 100).toFixed(1)} %`;

const Funnel = ({ analytics }: { analytics: CampaignAnalytics }) => {
  const steps = [
    ['Sent', analytics.sent],
    ['Delivered', analytics.delivered],
    ['Opened', analytics.opened],
    ['Clicked', analytics.clicked],
    ['Replied', analytics.replied],
    ['Bounced', analytics.bounced],
    ['Unsubscribed', analytics.unsubscribed],
  ] as const;
  return (
    <section class="card stack">
      <h3>Funnel</h3>
      <dl class="funnel">
        {steps.map(([name, count]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <i
                class={name === 'Bounced' || name === 'Unsubscribed' ? 'lost' : ''}
                style={{ width: `${analytics.sent === 0 ? 0 : (count / analytics.sent) * 100}%` }}
              />
              <b class="tabular">{count}</b>
              <span class="dim tabular">{percent(count, analytics.sent)}</span>
            </dd>
          </div>
        ))}
      </dl>
      <p class="dim">
        {analytics.finished} of {analytics.leads} leads finished.
      </p>
    </section>
  );
};

const WIDTH = 560;
const HEIGHT = 150;

const BouncePlot = ({ rates }: { rates: readonly Point[] }) => {
  const last = rates.at(-1)?.rate ?? 0;
  const peak = Math.max(0, ...rates.map(({ rate }) => rate));
  const { line, limitY, top } = layOut(rates, WIDTH, HEIGHT);
  const words = `Bounce rate over time: now ${percent(last, 1)}, at most ${percent(peak, 1)}; limit ${percent(BOUNCE_LIMIT, 1)}`;
  return (
    <section class="card stack">
      <h3>
        Bounce rate{' '}
        <span class={`tag ${last > BOUNCE_LIMIT ? 'bad' : 'good'}`}>{percent(last, 1)}</span>
      </h3>
      {rates.length === 0 ? (
        <p class="dim">No e-mail has been sent yet.</p>
      ) : (
        <svg
          class="plot"
          viewBox={`-58 -8 ${WIDTH + 66} ${HEIGHT + 20}`}
          role="img"
          aria-label={words}
        >
          <line x1={0} x2={WIDTH} y1={HEIGHT} y2={HEIGHT} class="axis" />
          <line x1={0} x2={WIDTH} y1={limitY} y2={limitY} class="limit" />
          <text x={-8} y={limitY + 4} text-anchor="end">
            5 %
          </text>
          <text x={-8} y={6} text-anchor="end">
            {percent(top, 1)}
          </text>
          <polyline points={line} class={last > BOUNCE_LIMIT ? 'rate over' : 'rate'} />
        </svg>
      )}
    </section>
  );
};

const Leads = ({ leads, hasMore }: { leads: readonly Lead[]; hasMore: boolean }) => (
  <section class="stack">
    <h3>Leads</h3>
    <div class="scroll" tabIndex={0} role="region" aria-label="Leads, table">
      <table>
        <thead>
          <tr>
            <th>Address</th>
            <th>Name</th>
            <th>State</th>
            <th>Step</th>
          </tr>
        </thead>
        <tbody>
          {leads.map(
            ({ id, email, first_name: first, last_name: last, status, sequence_step: step }) => (
              <tr key={id}>
                <td>
                  <a href={`#/deliveries?q=lead:${encodeURIComponent(email)}`}>
                    <Line text={email} />
                  </a>
                </td>
                <td>
                  <Line text={[first, last].filter((part) => part !== null).join(' ')} />
                </td>
                <td>{status}</td>
                <td>{step}</td>
              </tr>
            ),
          )}
        </tbody>
      </table>
    </div>
    {hasMore && <p class="dim">The first {leads.length} leads.</p>}
  </section>
);

const VERBS = {
  draft: [['activate', 'Activate']],
  active: [['pause', 'Pause']],
  paused: [['resume', 'Resume']],
  completed: [],
} as const;

export const CampaignDetail = ({ id }: { id: string }) => {
  const data = useResource<CampaignData>(
    (api) => readCampaign(api, id),
    id,
    ({ type }) => type === 'event.published' || type === 'clock.changed',
    REFRESH_MS,
  );
  const campaign = data.value?.campaign;
  const act = async (verb: 'activate' | 'pause' | 'resume'): Promise<void> => {
    const done = await perform('campaign', () => client.value.campaigns[verb](id));
    if (done !== null) notify(`The campaign is ${done.status}.`);
    data.reload();
  };
  return (
    <Page
      title={campaign?.name ?? 'Campaign'}
      help={campaign === undefined ? undefined : <Status status={campaign.status} />}
      actions={
        <>
          {VERBS[campaign?.status ?? 'completed'].map(([verb, name]) => (
            <button key={verb} type="button" class="primary" onClick={() => void act(verb)}>
              {name}
            </button>
          ))}
          <button type="button" onClick={() => go({ id: null })}>
            All campaigns
          </button>
        </>
      }
    >
      <Loaded resource={data}>
        {({ analytics, leads, hasMoreLeads, rates }) => (
          <>
            <div class="columns">
              <Funnel analytics={analytics} />
              <BouncePlot rates={rates} />
            </div>
            <Leads leads={leads} hasMore={hasMoreLeads} />
          </>
        )}
      </Loaded>
    </Page>
  );
};
