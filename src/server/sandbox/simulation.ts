/**
 * `/_sandbox/campaigns/{campaign_id}/simulation` and `/_sandbox/scenarios`: how leads behave, and built-in campaigns.
 *
 * @module
 */
import { Hono } from 'hono';
import {
  SetSimulationRequest,
  StartScenarioRequest,
  type Simulation,
} from '../../../schemas/sandbox.ts';
import { validationFailed } from '../../domain/problems.ts';
import { parse } from '../../domain/validate.ts';
import type { AccountEngine } from '../../engine/engine.ts';
import { PROFILES, type Rates } from '../../simulator/campaign/rates.ts';
import type { CampaignState } from '../../simulator/campaign/state.ts';
import { campaignView } from '../../simulator/campaign/view.ts';
import { SCENARIOS, scriptOf } from '../../simulator/scenarios.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import { readJson } from '../body.ts';
import type { Env } from '../context.ts';
import { success, successPage } from '../envelope.ts';

/** Leads per command, as in one request to the provider's API. */
const LEADS_PER_COMMAND = 100;

const NO_SENTIMENTS = { positive: 0, neutral: 0, negative: 0, out_of_office: 0, unsubscribe: 0 };

const simulationView = ({ id, profile, rates }: CampaignState): Simulation => ({
  campaign_id: id,
  profile,
  rates: { ...rates, sentiments: { ...rates.sentiments } },
});

/** @throws {Problem} if all sentiments have weight 0 */
const ratesOf = ({ profile, rates = {} }: SetSimulationRequest, before: Rates): Rates => {
  const base = profile === undefined ? before : PROFILES[profile];
  const given = Object.fromEntries(
    Object.entries(rates).filter(([name, value]) => name !== 'sentiments' && value !== undefined),
  );
  const { sentiments } = rates;
  if (sentiments === undefined) return { ...base, ...given };
  const weights = { ...NO_SENTIMENTS, ...sentiments } as Rates['sentiments'];
  if (Object.values(weights).every((weight) => weight === 0)) {
    throw validationFailed(
      '"rates.sentiments" has weight 0 for every sentiment. Raise at least one, or set "rates.reply" to 0.',
    );
  }
  return { ...base, ...given, sentiments: weights };
};

export const simulationRoutes = (): Hono<Env> => {
  const start = async (
    account: AccountEngine<Simulator>,
    { scenario, leads }: StartScenarioRequest,
  ): Promise<{ readonly campaign: CampaignState; readonly leads: number }> => {
    const script = scriptOf(scenario, leads);
    const { settings, profile } = script;
    const mine = account.source;
    const command = { do: 'create', settings, profile } as const;
    const { id } = (await mine.execute(command, account.now)) as CampaignState;
    for (let from = 0; from < script.leads.length; from += LEADS_PER_COMMAND) {
      const some = script.leads.slice(from, from + LEADS_PER_COMMAND);
      await mine.execute({ do: 'add', campaign: id, leads: some }, account.now);
    }
    const active = await mine.execute({ do: 'activate', campaign: id }, account.now);
    return { campaign: active as CampaignState, leads: script.leads.length };
  };
  return new Hono<Env>()
    .get('/campaigns/:campaign_id/simulation', (c) =>
      success(c, simulationView(c.get('account').source.find(c.req.param('campaign_id')))),
    )
    .put('/campaigns/:campaign_id/simulation', async (c) => {
      const account = c.get('account');
      const mine = account.source;
      const campaign = mine.find(c.req.param('campaign_id'));
      const request = parse(SetSimulationRequest, await readJson(c));
      const rates = ratesOf(request, campaign.rates);
      const profile = request.rates === undefined ? (request.profile ?? 'custom') : 'custom';
      const command = { do: 'behave', campaign: campaign.id, profile, rates } as const;
      return success(
        c,
        simulationView((await mine.execute(command, account.now)) as CampaignState),
      );
    })
    .get('/scenarios', (c) => successPage(c, SCENARIOS, null))
    .post('/scenarios', async (c) => {
      const request = parse(StartScenarioRequest, await readJson(c));
      const { campaign, leads } = await start(c.get('account'), request);
      const { scenario } = request;
      return success(c, { scenario, leads, campaign: campaignView(campaign) }, 201);
    });
};
