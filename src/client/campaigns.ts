/**
 * Client of the provider's API for campaigns and leads, and of the sandbox's API for the behaviour of leads.
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

/**
 * Campaigns of the account, which run on its clock. Every method rejects with an `ApiError`; those that take an id with
 * `CAMPAIGN_NOT_FOUND`.
 *
 * @example
 * ```ts
 * const campaign = await client.campaigns.create({
 *   name: 'Q2 Outreach',
 *   daily_limit: 50,
 *   timezone: 'Europe/Berlin',
 *   schedule: { days: ['mon', 'tue'], start_hour: 8, end_hour: 17 },
 *   sequences: [{ step: 1, delay_days: 0, subject: 'Hello', body: 'Hi {{first_name}}' }],
 * });
 * await client.campaigns.addLeads(campaign.id, [{ email: 'sarah@acme.example' }]);
 * await client.campaigns.activate(campaign.id);
 * ```
 */
export interface CampaignsClient {
  /**
   * `POST /v1/campaigns`. At most 10 per minute, unless rate limits are off. Errors: `VALIDATION_FAILED`,
   * `CAMPAIGN_LIMIT_REACHED`, `RATE_LIMIT_EXCEEDED`.
   *
   * @example
   * ```ts
   * const { schedule, sequences } = await client.campaigns.get(campaign.id);
   * const copy = { name: 'Copy', daily_limit: 50, timezone: 'UTC', schedule, sequences };
   * console.log((await client.campaigns.create(copy)).status); // draft
   * ```
   */
  create(campaign: CreateCampaignRequest, options?: CreateOptions): Promise<Campaign>;
  /**
   * `GET /v1/campaigns`. Oldest first.
   *
   * @example
   * ```ts
   * for await (const { name, status } of client.campaigns.list()) console.log(name, status);
   * ```
   */
  list(options?: PageOptions): Pager<Campaign>;
  /**
   * `GET /v1/campaigns/{campaign_id}`.
   *
   * @example
   * ```ts
   * console.log((await client.campaigns.get(campaign.id)).status); // draft
   * ```
   */
  get(id: string, options?: CallOptions): Promise<Campaign>;
  /**
   * `PATCH /v1/campaigns/{campaign_id}`. `sequences` can change only while it is a draft. Errors: `VALIDATION_FAILED`,
   * `CAMPAIGN_STARTED`.
   *
   * @example
   * ```ts
   * await client.campaigns.update(campaign.id, { daily_limit: 100 });
   * ```
   */
  update(id: string, changes: UpdateCampaignRequest, options?: CallOptions): Promise<Campaign>;
  /**
   * `DELETE /v1/campaigns/{campaign_id}`.
   *
   * @example
   * ```ts
   * await client.campaigns.delete(campaign.id);
   * ```
   */
  delete(id: string, options?: CallOptions): Promise<DeletedCampaign>;
  /**
   * `POST /v1/campaigns/{campaign_id}/activate`. Errors: `CAMPAIGN_STARTED`, `CAMPAIGN_EMPTY`.
   *
   * @example
   * ```ts
   * console.log((await client.campaigns.activate(campaign.id)).status); // active
   * ```
   */
  activate(id: string, options?: CallOptions): Promise<Campaign>;
  /**
   * `POST /v1/campaigns/{campaign_id}/pause`. Error: `CAMPAIGN_NOT_ACTIVE`.
   *
   * @example
   * ```ts
   * await client.campaigns.activate(campaign.id);
   * console.log((await client.campaigns.pause(campaign.id)).status); // paused
   * ```
   */
  pause(id: string, options?: CallOptions): Promise<Campaign>;
  /**
   * `POST /v1/campaigns/{campaign_id}/resume`. Error: `CAMPAIGN_NOT_PAUSED`.
   *
   * @example
   * ```ts
   * await client.campaigns.activate(campaign.id);
   * await client.campaigns.pause(campaign.id);
   * console.log((await client.campaigns.resume(campaign.id)).status); // active
   * ```
   */
  resume(id: string, options?: CallOptions): Promise<Campaign>;
  /**
   * `POST /v1/campaigns/{campaign_id}/leads`. Up to 100 per call. Errors: `VALIDATION_FAILED`, `CAMPAIGN_COMPLETED`,
   * `LEAD_LIMIT_REACHED`.
   *
   * @example
   * ```ts
   * await client.campaigns.addLeads(campaign.id, [{ email: 'ada@acme.example', first_name: 'Ada' }]);
   * ```
   */
  addLeads(id: string, leads: readonly NewLead[], options?: CreateOptions): Promise<AddedLeads>;
  /**
   * `GET /v1/campaigns/{campaign_id}/leads`. In the order in which they were added.
   *
   * @example
   * ```ts
   * for await (const { email, status } of client.campaigns.leads(campaign.id)) console.log(email, status);
   * ```
   */
  leads(id: string, options?: PageOptions): Pager<Lead>;
  /**
   * `DELETE /v1/campaigns/{campaign_id}/leads/{lead_id}`. Error: `LEAD_NOT_FOUND`.
   *
   * @example
   * ```ts
   * await client.campaigns.removeLead(campaign.id, lead.id);
   * ```
   */
  removeLead(id: string, leadId: string, options?: CallOptions): Promise<RemovedLead>;
  /**
   * `GET /v1/campaigns/{campaign_id}/analytics`.
   *
   * @example
   * ```ts
   * console.log((await client.campaigns.analytics(campaign.id)).sent); // 0
   * ```
   */
  analytics(id: string, options?: CallOptions): Promise<CampaignAnalytics>;
  /**
   * `GET /_sandbox/campaigns/{campaign_id}/simulation`. How the leads behave; sandbox only.
   *
   * @example
   * ```ts
   * console.log((await client.campaigns.simulation(campaign.id)).profile); // average
   * ```
   */
  simulation(id: string, options?: CallOptions): Promise<Simulation>;
  /**
   * `PUT /_sandbox/campaigns/{campaign_id}/simulation`. Changes the behaviour for e-mails sent from now on; sandbox only.
   * Error: `VALIDATION_FAILED`.
   *
   * @example
   * ```ts
   * await client.campaigns.simulate(campaign.id, { profile: 'excellent', rates: { reply: 1 } });
   * ```
   */
  simulate(id: string, how: SetSimulationRequest, options?: CallOptions): Promise<Simulation>;
}

/**
 * Built-in campaign scenarios.
 *
 * @example
 * ```ts
 * const { campaign } = await client.scenarios.start({ scenario: 'open-storm', leads: 2 });
 * await client.clock.advance({ until: 'settled' });
 * console.log((await client.campaigns.analytics(campaign.id)).opened); // 2
 * ```
 */
export interface ScenariosClient {
  /**
   * `GET /_sandbox/scenarios`.
   *
   * @example
   * ```ts
   * for (const { name } of await client.scenarios.list()) console.log(name);
   * ```
   */
  list(options?: CallOptions): Promise<readonly Scenario[]>;
  /**
   * `POST /_sandbox/scenarios`. Creates and activates its campaign, which runs on the account's clock.
   *
   * @example
   * ```ts
   * const { leads } = await client.scenarios.start({ scenario: 'bounce-spike', leads: 20 });
   * console.log(leads); // 20
   * ```
   */
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
