/**
 * Campaigns: the list, scenarios to start, and one campaign with its funnel, bounce rate and leads.
 *
 * @module
 */
import type { Campaign } from '../../../schemas/control.ts';
import { go, route } from '../state/location.ts';
import { useResource } from '../state/resource.ts';
import { client, notify, perform } from '../state/session.ts';
import { CampaignDetail } from './campaign-detail.tsx';
import { Loaded, Page } from './page.tsx';
import { Status } from './status.tsx';
import { Line } from './text.tsx';

const readCampaigns = async (api: (typeof client)['value']): Promise<readonly Campaign[]> =>
  (await api.campaigns.list({ limit: 100 }).page()).items;

const Scenarios = ({ onStart }: { onStart: (id: string) => void }) => {
  const scenarios = useResource((api) => api.scenarios.list(), 'scenarios');
  return (
    <Loaded resource={scenarios}>
      {(list) => (
        <ul class="cards narrow" aria-label="Scenarios">
          {list.map(({ name, description, leads }) => (
            <li key={name} class="card">
              <div class="card-main">
                <h3>{name}</h3>
                <p class="dim">{description}</p>
              </div>
              <button
                type="button"
                aria-label={`Start ${name}`}
                onClick={() => {
                  void perform('scenario', () =>
                    client.value.scenarios.start({ scenario: name }),
                  ).then((started) => {
                    if (started === null) return;
                    notify(`Started ${name} with ${leads} leads. Advance the clock to run it.`);
                    onStart(started.campaign.id);
                  });
                }}
              >
                Start
              </button>
            </li>
          ))}
        </ul>
      )}
    </Loaded>
  );
};

const CampaignList = () => {
  const campaigns = useResource(readCampaigns, 'campaigns');
  return (
    <Page
      title="Campaigns"
      help="Simulated leads receive, open, click, reply, bounce and unsubscribe as the clock moves."
    >
      <Loaded
        resource={campaigns}
        isEmpty={(list) => list.length === 0}
        empty={<p>No campaign yet. Start a scenario, or create one with POST /v1/campaigns.</p>}
      >
        {(list) => (
          <ul class="cards">
            {list.map(({ id, name, status }) => (
              <li key={id} class="card">
                <h3>
                  <a href={`#/campaigns/${id}`}>
                    <Line text={name} />
                  </a>
                </h3>
                <Status status={status} />
              </li>
            ))}
          </ul>
        )}
      </Loaded>
      <h2>Scenarios</h2>
      <Scenarios onStart={(id) => go({ id })} />
    </Page>
  );
};

export const CampaignsPage = () =>
  route.value.id === null ? (
    <CampaignList />
  ) : (
    <CampaignDetail key={route.value.id} id={route.value.id} />
  );
