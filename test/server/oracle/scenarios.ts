/**
 * What provokes each documented status of each operation. A scenario is what goes into one request.
 *
 * @module
 */

/** Things that scenarios need, made before them. */
export interface Stage {
  /** An active webhook whose receiver is up; paused and full ones are in accounts of their own. */
  readonly webhook: string;
  /** An event that this webhook failed to take. */
  readonly deadEvent: string;
  readonly deadDelivery: string;
  /** A delivery whose webhook has been deleted. */
  readonly orphan: string;
  readonly snapshot: unknown;
  /** Campaigns: with one lead each, but for the empty one; the others are for one change each. */
  readonly campaigns: Readonly<
    Record<'draft' | 'empty' | 'active' | 'paused' | 'completed' | 'toStart' | 'toDelete', string>
  >;
  /** A lead of the draft. */
  readonly lead: string;
  /** Ids: one that has ended, and one that runs in the account `verifying`. */
  readonly verifications: Readonly<Record<'ended' | 'running', string>>;
}

/** A campaign that sends all day, every day. */
export const campaign = {
  name: 'Oracle',
  daily_limit: 1000,
  timezone: 'UTC',
  schedule: {
    days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'],
    start_hour: 0,
    end_hour: 24,
  },
  sequences: [{ step: 1, delay_days: 0, subject: 'Hello', body: 'Hi {{first_name}}' }],
};

export interface Scenario {
  /** Values for the path's parameters. */
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: string;
  /** Sent as JSON, a string or a Blob as it is. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string | null>>;
  readonly account?: string;
  /** Asked of a sandbox whose store is closed. */
  readonly storeClosed?: true;
}

export type Scenarios = Readonly<Record<string, Readonly<Record<number, Scenario>>>>;

const registration = {
  url: 'http://127.0.0.1:9/hook',
  events: ['email.sent'],
  secret: 'whsec_your-signing-secret',
};

const noKey: Scenario = { headers: { 'x-user-context': null } };
const foreign: Scenario = { headers: { origin: 'http://evil.example' } };
/** More than 1 GiB: the same bytes again and again. */
const sixteenMebibytes = new Blob(['x'.repeat(16_777_216)]);
const tooLargeSnapshot = new Blob(Array.from({ length: 65 }, () => sixteenMebibytes));

const large = `"${'x'.repeat(1_048_577)}"`;

/** The ways in which any body can be bad. */
const badBody = {
  400: { body: '{' },
  413: { body: large },
  415: { body: 'a=b', headers: { 'content-type': 'text/plain' } },
};

const withParams = (
  bad: Readonly<Record<number, Scenario>>,
  params: Readonly<Record<string, string>>,
) =>
  Object.fromEntries(
    Object.entries(bad).map(([status, scenario]) => [status, { params, ...scenario }]),
  );

export const scenariosFor = ({
  webhook,
  deadEvent,
  deadDelivery,
  orphan,
  snapshot,
  campaigns,
  lead,
  verifications,
}: Stage): Scenarios => {
  const known = { webhook_id: webhook };
  const unknown = { webhook_id: 'whk_none' };
  const dead = { webhook_id: webhook, event_id: deadEvent };
  const noDead = { webhook_id: webhook, event_id: 'evt_none' };
  const delivery = { delivery_id: deadDelivery };
  const noDelivery = { delivery_id: 'dlv_none' };
  const sink = { name: 'crm' };
  const verification = { verification_id: verifications.ended };
  const receiver = { url: 'http://127.0.0.1:9/hook', secret: 'whsec_your-signing-secret' };
  const sandbox = { 401: noKey, 403: foreign };
  const of = (campaign_id: string) => ({ campaign_id });
  const noCampaign = of('cmp_none');
  const aLead = { leads: [{ email: 'new@leads.example' }] };
  return {
    createWebhook: {
      201: { body: registration },
      401: noKey,
      ...badBody,
      409: {
        body: { ...registration, url: 'http://127.0.0.1:9/other' },
        headers: { 'idempotency-key': 'used' },
      },
      422: { body: {} },
    },
    listWebhooks: { 200: {}, 401: noKey },
    getWebhook: {
      200: { params: known },
      401: { params: known, ...noKey },
      404: { params: unknown },
    },
    updateWebhook: {
      200: { params: known, body: { events: ['*'] } },
      401: { params: known, ...noKey },
      404: { params: unknown, body: { status: 'paused' } },
      422: { params: known, body: {} },
      ...withParams(badBody, known),
    },
    deleteWebhook: {
      401: { params: known, ...noKey },
      404: { params: unknown },
      200: { params: { webhook_id: 'DISPOSABLE' } },
    },
    rotateWebhookSecret: {
      200: { params: known, body: { secret: registration.secret } },
      401: { params: known, ...noKey },
      404: { params: unknown, body: { secret: registration.secret } },
      409: {
        params: known,
        body: { secret: 'whsec_another-one' },
        headers: { 'idempotency-key': 'used' },
      },
      422: { params: known, body: { secret: 'short' } },
      ...withParams(badBody, known),
    },
    listFailedEvents: {
      200: { params: known, query: '?limit=1' },
      401: { params: known, ...noKey },
      404: { params: unknown },
      422: { params: known, query: '?limit=0' },
    },
    getFailedEvent: {
      200: { params: dead },
      401: { params: dead, ...noKey },
      404: { params: noDead },
    },
    acknowledgeFailedEvent: {
      200: { params: dead },
      401: { params: dead, ...noKey },
      404: { params: noDead },
    },

    createCampaign: {
      201: { body: campaign },
      401: noKey,
      ...badBody,
      409: { body: { ...campaign, name: 'Other' }, headers: { 'idempotency-key': 'used' } },
      422: { body: { ...campaign, timezone: 'Mars/Olympus' } },
    },
    listCampaigns: { 200: { query: '?limit=2' }, 401: noKey, 422: { query: '?limit=0' } },
    getCampaign: withParams(
      { 200: {}, 401: noKey, 404: { params: noCampaign } },
      of(campaigns.draft),
    ),
    updateCampaign: withParams(
      {
        ...badBody,
        200: { body: { daily_limit: 20 } },
        401: noKey,
        404: { params: noCampaign, body: { daily_limit: 20 } },
        409: { params: of(campaigns.active), body: { sequences: campaign.sequences } },
        422: { body: {} },
      },
      of(campaigns.draft),
    ),
    deleteCampaign: withParams(
      { 200: { params: of(campaigns.toDelete) }, 401: noKey, 404: { params: noCampaign } },
      of(campaigns.draft),
    ),
    activateCampaign: withParams(
      {
        200: { params: of(campaigns.toStart) },
        401: noKey,
        404: { params: noCampaign },
        409: { params: of(campaigns.empty) },
      },
      of(campaigns.draft),
    ),
    pauseCampaign: withParams(
      {
        200: { params: of(campaigns.active) },
        401: noKey,
        404: { params: noCampaign },
        409: { params: of(campaigns.draft) },
      },
      of(campaigns.draft),
    ),
    resumeCampaign: withParams(
      {
        200: { params: of(campaigns.paused) },
        401: noKey,
        404: { params: noCampaign },
        409: { params: of(campaigns.draft) },
      },
      of(campaigns.draft),
    ),
    addLeads: withParams(
      {
        ...badBody,
        201: { body: aLead },
        401: noKey,
        404: { params: noCampaign, body: aLead },
        409: { params: of(campaigns.completed), body: aLead },
        422: { body: { leads: [] } },
      },
      of(campaigns.draft),
    ),
    listLeads: withParams(
      { 200: {}, 401: noKey, 404: { params: noCampaign }, 422: { query: '?limit=0' } },
      of(campaigns.draft),
    ),
    removeLead: withParams(
      {
        200: {},
        401: noKey,
        404: { params: { ...of(campaigns.draft), lead_id: 'lead_none' } },
      },
      { ...of(campaigns.draft), lead_id: lead },
    ),
    getCampaignAnalytics: withParams(
      { 200: {}, 401: noKey, 404: { params: noCampaign } },
      of(campaigns.completed),
    ),

    getSimulation: withParams(
      { ...sandbox, 200: {}, 404: { params: noCampaign } },
      of(campaigns.draft),
    ),
    setSimulation: withParams(
      {
        ...sandbox,
        ...badBody,
        200: { body: { rates: { reply: 1, sentiments: { positive: 1 } } } },
        404: { params: noCampaign, body: { profile: 'silent' } },
        422: { body: { rates: { sentiments: { positive: 0 } } } },
      },
      of(campaigns.draft),
    ),
    listFaults: { ...sandbox, 200: {} },
    addFault: {
      ...sandbox,
      ...badBody,
      201: { body: { fault: 'delay', delay: '1m', match: { nth: 1_000_000 } } },
      404: { body: { fault: 'delay', match: { webhook_id: 'whk_none' } } },
      409: { body: { fault: 'delay', times: 2, match: { nth: 1 } } },
      422: { body: { fault: 'x' } },
    },
    getFault: withParams(
      { ...sandbox, 200: {}, 404: { params: { fault_id: 'flt_9999' } } },
      { fault_id: 'flt_1' },
    ),
    removeFault: withParams(
      { ...sandbox, 200: {}, 404: { params: { fault_id: 'flt_9999' } } },
      { fault_id: 'flt_2' },
    ),
    clearFaults: { ...sandbox, 200: { account: 'disposable' } },
    listScenarios: { ...sandbox, 200: {} },
    startScenario: {
      ...sandbox,
      ...badBody,
      201: { body: { scenario: 'reply' } },
      422: { body: { scenario: 'x' } },
    },

    triggerEvents: {
      ...sandbox,
      ...badBody,
      202: { body: { event: 'email.replied', count: 2 } },
      404: { body: { event: 'email.sent', webhook_id: 'whk_none' } },
      409: { body: { event: 'email.sent', id: deadEvent } },
      422: { body: { event: 'email.sent', count: 0 } },
    },
    listEvents: { ...sandbox, 200: { query: '?limit=2' }, 422: { query: '?event=x' } },
    getEvent: withParams(
      { ...sandbox, 200: {}, 404: { params: { event_id: 'evt_none' } } },
      { event_id: deadEvent },
    ),
    listDeliveries: { ...sandbox, 200: {}, 422: { query: '?status=x' } },
    getDelivery: withParams({ ...sandbox, 200: {}, 404: { params: noDelivery } }, delivery),
    waitForDelivery: withParams(
      {
        ...sandbox,
        200: { query: '?until=dead' },
        404: { params: noDelivery },
        422: { query: '?until=x' },
      },
      delivery,
    ),
    explainSignature: withParams(
      {
        ...sandbox,
        ...badBody,
        200: { body: { signature: 'sha256=00' } },
        404: { params: noDelivery, body: {} },
        422: { body: { attempt: 99 } },
      },
      delivery,
    ),
    redeliver: withParams(
      {
        ...sandbox,
        ...badBody,
        202: { body: { signature: 'wrong' } },
        404: { params: noDelivery, body: {} },
        409: { params: { delivery_id: orphan }, body: {} },
        422: { body: { signature: 'x' } },
      },
      delivery,
    ),
    stream: { ...sandbox, 200: {} },
    getClock: { ...sandbox, 200: {} },
    setClock: {
      ...sandbox,
      ...badBody,
      200: { body: { mode: 'frozen' } },
      422: { body: { mode: 'x' } },
    },
    advanceClock: { ...sandbox, ...badBody, 200: { body: { by: '1s' } }, 422: { body: {} } },
    resetAccount: { ...sandbox, 200: { account: 'disposable' } },
    getSnapshot: { ...sandbox, 200: {} },
    putSnapshot: {
      ...sandbox,
      ...badBody,
      413: { body: tooLargeSnapshot },
      200: { account: 'loaded', body: snapshot },
      422: { body: {} },
    },
    listSinks: { ...sandbox, 200: {} },
    recordRequest: withParams(
      { ...sandbox, 200: { query: '?any=1', body: {} }, 422: { params: { name: 'CRM' } } },
      sink,
    ),
    listSinkRequests: withParams(
      { ...sandbox, 200: { query: '?wait_for=1&contains=a' }, 422: { query: '?wait_for=0' } },
      sink,
    ),
    clearSink: withParams({ ...sandbox, 200: {}, 422: { params: { name: 'CRM' } } }, sink),
    getSinkSettings: withParams({ ...sandbox, 200: {}, 422: { params: { name: 'CRM' } } }, sink),
    setSinkSettings: withParams(
      {
        ...sandbox,
        ...badBody,
        200: { params: { name: 'told' }, body: { status: 503, times: 2 } },
        422: { body: { status: 700 } },
      },
      sink,
    ),
    listVerifications: { ...sandbox, 200: {} },
    startVerification: {
      ...sandbox,
      ...badBody,
      202: { account: 'starting', body: receiver },
      404: { body: { webhook_id: 'whk_none' } },
      409: { account: 'verifying', body: receiver },
      422: { body: {} },
    },
    getVerification: {
      ...withParams({ ...sandbox, 200: {} }, verification),
      404: { params: { verification_id: 'ver_99' } },
    },
    stopVerification: {
      ...withParams({ ...sandbox, 200: {} }, verification),
      404: { params: { verification_id: 'ver_99' } },
    },
    getVerificationReport: {
      ...withParams({ ...sandbox, 200: {}, 422: { query: '?format=pdf' } }, verification),
      404: { params: { verification_id: 'ver_99' } },
      409: { account: 'verifying', params: { verification_id: verifications.running } },
    },
    getLiveness: { 200: {} },
    getReadiness: { 200: {}, 503: { storeClosed: true } },
    getMetrics: { 200: {} },
  };
};
