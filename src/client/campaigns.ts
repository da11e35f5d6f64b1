/**
 * The provider's API: campaigns, their leads, and what came of them; and how the sandbox makes the leads behave.
 *
 * @module
 */
import type {
  AddedLeads,
  Campaign,
  CampaignAnalytics,
  CreateCampaignRequest,
  DeletedCampaign,
  Lead,
  NewLead,
  RemovedLead,
  UpdateCampaignRequest,
} from '../../schemas/control.ts';
import type {
  Scenario,
  SetSimulationRequest,
  Simulation,
  StartedScenario,
  StartScenarioRequest,
} from '../../schemas/sandbox.ts';
import { path, type CallOptions, type Http } from './http.ts';
import { createPager, type Pager } from './pager.ts';
import { idempotency, type CreateOptions, type PageOptions } from './provider.ts';

export interface CampaignsClient {
  /** At most 10 a minute. */
  create(campaign: CreateCampaignRequest, options?: CreateOptions): Promise<Campaign>;
  /** Oldest first. */
  list(options?: PageOptions): Pager<Campaign>;
  get(id: string, options?: CallOptions): Promise<Campaign>;
  /** The sequences of a draft only. */
  update(id: string, changes: UpdateCampaignRequest, options?: CallOptions): Promise<Campaign>;
  delete(id: string, options?: CallOptions): Promise<DeletedCampaign>;
  activate(id: string, options?: CallOptions): Promise<Campaign>;
  pause(id: string, options?: CallOptions): Promise<Campaign>;
  resume(id: string, options?: CallOptions): Promise<Campaign>;
  /** Up to 100 at once. */
  addLeads(id: string, leads: readonly NewLead[], options?: CreateOptions): Promise<AddedLeads>;
  /** In the order in which they were added. */
  leads(id: string, options?: PageOptions): Pager<Lead>;
  removeLead(id: string, leadId: string, options?: CallOptions): Promise<RemovedLead>;
  analytics(id: string, options?: CallOptions): Promise<CampaignAnalytics>;
  /** The sandbox's own: how the leads behave. */
  simulation(id: string, options?: CallOptions): Promise<Simulation>;
  /** The sandbox's own: for what is sent from now on. */
  simulate(id: string, how: SetSimulationRequest, options?: CallOptions): Promise<Simulation>;
}

export interface ScenariosClient {
  list(options?: CallOptions): Promise<readonly Scenario[]>;
  /** Creates its campaign and activates it; from then on it runs on the account's clock. */
  start(scenario: StartScenarioRequest, options?: CallOptions): Promise<StartedScenario>;
}

const CAMPAIGNS = '/v1/campaigns';

const change =
  (http: Http, verb: 'activate' | 'pause' | 'resume') =>
  (id: string, options?: CallOptions): Promise<Campaign> =>
    http.call({ method: 'POST', path: `${path`/v1/campaigns/${id}`}/${verb}`, ...options });

export const campaignsClient = (http: Http): CampaignsClient => ({
  create: (body, { idempotencyKey, ...options } = {}) =>
    http.call({
      method: 'POST',
      path: CAMPAIGNS,
      body,
      headers: idempotency(idempotencyKey),
      ...options,
    }),
  list: ({ limit, signal } = {}) =>
    createPager(http, { method: 'GET', path: CAMPAIGNS, query: { limit }, signal }),
  get: (id, options) => http.call({ method: 'GET', path: path`/v1/campaigns/${id}`, ...options }),
  update: (id, body, options) =>
    http.call({ method: 'PATCH', path: path`/v1/campaigns/${id}`, body, ...options }),
  delete: (id, options) =>
    http.call({ method: 'DELETE', path: path`/v1/campaigns/${id}`, ...options }),
  activate: change(http, 'activate'),
  pause: change(http, 'pause'),
  resume: change(http, 'resume'),
  addLeads: (id, leads, { idempotencyKey, ...options } = {}) =>
    http.call({
      method: 'POST',
      path: path`/v1/campaigns/${id}/leads`,
      body: { leads },
      headers: idempotency(idempotencyKey),
      ...options,
    }),
  leads: (id, { limit, signal } = {}) =>
    createPager(http, {
      method: 'GET',
      path: path`/v1/campaigns/${id}/leads`,
      query: { limit },
      signal,
    }),
  removeLead: (id, leadId, options) =>
    http.call({ method: 'DELETE', path: path`/v1/campaigns/${id}/leads/${leadId}`, ...options }),
  analytics: (id, options) =>
    http.call({ method: 'GET', path: path`/v1/campaigns/${id}/analytics`, ...options }),
  simulation: (id, options) =>
    http.call({ method: 'GET', path: path`/_sandbox/campaigns/${id}/simulation`, ...options }),
  simulate: (id, body, options) =>
    http.call({
      method: 'PUT',
      path: path`/_sandbox/campaigns/${id}/simulation`,
      body,
      ...options,
    }),
});

export const scenariosClient = (http: Http): ScenariosClient => ({
  list: (options) => http.call({ method: 'GET', path: '/_sandbox/scenarios', ...options }),
  start: (body, options) =>
    http.call({ method: 'POST', path: '/_sandbox/scenarios', body, ...options }),
});
