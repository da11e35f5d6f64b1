/**
 * The provider's campaign API: what it answers, and what it refuses without changing anything.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createMock, type Mock } from '../../src/create-mock.ts';
import { apiOf, type Api } from '../support/api.ts';
import { createCampaign, leads, sequence, settings, startCampaign } from '../support/campaign.ts';

let mock: Mock;
let api: Api;

beforeAll(async () => {
  mock = await createMock({
    clock: 'frozen',
    clockStart: '2026-04-06T12:00:00Z',
    rateLimit: false,
  });
  api = apiOf(mock.url, 'campaigns');
});
afterAll(() => mock.close());

test('the developer guide: create, add leads, activate, pause', async () => {
  const asked = {
    name: 'Q2 Outreach',
    daily_limit: 50,
    timezone: 'America/New_York',
    schedule: {
      days: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'],
      start_hour: 8,
      end_hour: 17,
    },
    sequences: sequence(0, 3),
  };
  const created = await api.send('POST', '/v1/campaigns', asked);
  expect(created.status).toBe(201);
  expect(created.data).toEqual({
    ...asked,
    id: expect.stringMatching(/^cmp_\w+$/),
    status: 'draft',
    created_at: '2026-04-06T12:00:00Z',
  });
  expect(created.meta).toMatchObject({ request_id: expect.stringMatching(/^req_/) });
  const { id } = created.data;

  const lead = {
    email: 'sarah@example.com',
    first_name: 'Sarah',
    last_name: 'Chen',
    company: 'Example Corp',
    title: 'VP Sales',
    custom_fields: { industry: 'SaaS' },
  };
  const added = await api.send('POST', `/v1/campaigns/${id}/leads`, {
    leads: [lead, { email: 'Sarah@Example.com' }],
  });
  expect(added.status).toBe(201);
  expect(added.data).toEqual({
    leads: [
      {
        ...lead,
        id: expect.stringMatching(/^lead_\w+$/),
        status: 'pending',
        sequence_step: 0,
        created_at: '2026-04-06T12:00:00Z',
      },
    ],
    skipped: [{ email: 'Sarah@Example.com', reason: 'duplicate' }],
  });
  for (const [verb, status] of [
    ['activate', 'active'],
    ['pause', 'paused'],
    ['resume', 'active'],
  ]) {
    const { data } = await api.send('POST', `/v1/campaigns/${id}/${verb}`);
    expect(data).toEqual({ ...created.data, status });
  }
});

test('the same Idempotency-Key creates one campaign, and adds leads once', async () => {
  const account = apiOf(mock.url, 'again');
  const key = { 'idempotency-key': 'once' };
  const first = await account.send('POST', '/v1/campaigns', settings(), key);
  const second = await account.send('POST', '/v1/campaigns', settings(), key);
  expect(second.data).toEqual(first.data);
  expect((await account.get('/v1/campaigns')).data).toHaveLength(1);
  const path = `/v1/campaigns/${first.data.id}/leads`;
  const more = { 'idempotency-key': 'leads' };
  const added = await account.send('POST', path, { leads: leads(2) }, more);
  expect((await account.send('POST', path, { leads: leads(2) }, more)).data).toEqual(added.data);
  expect((await account.get(path)).data).toHaveLength(2);
});

test('lists come in pages, the oldest first, and accounts see nothing of each other', async () => {
  const account = apiOf(mock.url, 'pages');
  const ids: string[] = [];
  for (let made = 0; made < 5; made += 1) ids.push(await createCampaign(account, leads(7)));
  for (const [path, count] of [
    ['/v1/campaigns', 5],
    [`/v1/campaigns/${ids[0]}/leads`, 7],
  ] as const) {
    const seen: string[] = [];
    let cursor = '';
    do {
      const { data, meta } = await account.get(`${path}?limit=2${cursor}`);
      expect(data.length).toBeLessThanOrEqual(2);
      seen.push(...data.map(({ id }: { id: string }) => id));
      cursor = meta.next_cursor === null ? '' : `&cursor=${meta.next_cursor}`;
    } while (cursor !== '');
    expect(seen).toHaveLength(count);
    expect(new Set(seen).size).toBe(count);
    if (path === '/v1/campaigns') expect(seen).toEqual(ids);
  }
  const other = apiOf(mock.url, 'other');
  expect((await other.get('/v1/campaigns')).data).toEqual([]);
  expect((await other.get(`/v1/campaigns/${ids[0]}`)).error.code).toBe('CAMPAIGN_NOT_FOUND');
});

test('changes count, and leave the rest as it is', async () => {
  const id = await createCampaign(api, leads(1));
  const { data: before } = await api.get(`/v1/campaigns/${id}`);
  const changes = { name: 'Other', daily_limit: 7, sequences: sequence(0, 1) };
  const { data } = await api.send('PATCH', `/v1/campaigns/${id}`, changes);
  expect(data).toEqual({ ...before, ...changes });
  expect((await api.get(`/v1/campaigns/${id}`)).data).toEqual(data);
});

const schedule = { days: ['mon'], start_hour: 8, end_hour: 17 };

describe('bad input is refused, and changes nothing', () => {
  test.each([
    ['an unknown time zone', { timezone: 'Mars/Olympus' }, /"timezone" is "Mars\/Olympus".*IANA/],
    ['an offset for a time zone', { timezone: '+02:00' }, /"timezone" is "\+02:00"/],
    [
      'a gap in the steps',
      { sequences: [sequence(0)[0], { ...sequence(0, 1)[1], step: 3 }] },
      /"sequences\[1\]\.step" is 3.*must be 2/,
    ],
    [
      'steps that do not begin with 1',
      { sequences: [{ ...sequence(0)[0], step: 2 }] },
      /"sequences\[0\]\.step" is 2.*must be 1/,
    ],
    ['no steps', { sequences: [] }, /"sequences" is \[\].*at least 1 item/],
    [
      'an end before the start',
      { schedule: { ...schedule, end_hour: 8 } },
      /"schedule\.end_hour" is 8, not later than/,
    ],
    [
      'an unknown day',
      { schedule: { ...schedule, days: ['mo'] } },
      /"schedule\.days\[0\]" is "mo".*mon, tue/,
    ],
    ['a day twice', { schedule: { ...schedule, days: ['mon', 'monday'] } }, /contains mon twice/],
    ['no days', { schedule: { ...schedule, days: [] } }, /"schedule\.days" is \[\]/],
    ['no limit at all', { daily_limit: 0 }, /"daily_limit" is 0.*at least 1/],
    ['a field that does not exist', { speed: 3 }, /"speed" is not a known field/],
    ['a name of nothing', { name: '' }, /"name" is "".*at least 1/],
  ])('%s', async (_what, wrong, message) => {
    const account = apiOf(mock.url, 'refusals');
    const id = await createCampaign(apiOf(mock.url, 'changes'), []);
    const created = await account.send('POST', '/v1/campaigns', { ...settings(), ...wrong });
    const changed = await apiOf(mock.url, 'changes').send('PATCH', `/v1/campaigns/${id}`, wrong);
    for (const { status, error } of [created, changed]) {
      expect(status).toBe(422);
      expect(error.code).toBe('VALIDATION_FAILED');
      expect(error.message).toMatch(message);
    }
    expect((await account.get('/v1/campaigns')).data).toEqual([]);
    expect((await apiOf(mock.url, 'changes').get(`/v1/campaigns/${id}`)).data).toMatchObject(
      settings(),
    );
  });

  test.each([
    ['101 leads', leads(101), /"leads" is .*at most 100/],
    ['no leads', [], /"leads" is \[\].*at least 1/],
    [
      'a lead without address',
      [{ first_name: 'Sarah' }],
      /"leads\[0\]\.email" is missing\. Pass the lead's email address/,
    ],
    ['something that is no address', [{ email: 'sarah' }], /"leads\[0\]\.email" is "sarah"/],
    [
      'an unknown field',
      [{ email: 'a@b.example', phone: '1' }],
      /"leads\[0\]\.phone" is not a known field/,
    ],
    ['one bad among good ones', [...leads(3), { email: '' }], /"leads\[3\]\.email" is ""/],
  ])('%s', async (_what, given, message) => {
    const id = await createCampaign(api, []);
    const { status, error } = await api.send('POST', `/v1/campaigns/${id}/leads`, { leads: given });
    expect(status).toBe(422);
    expect(error.message).toMatch(message);
    expect((await api.get(`/v1/campaigns/${id}/leads`)).data).toEqual([]);
  });

  let silentLeads = 0;
  /** A lead that no campaign before can have suppressed: its address is new, and it never reacts. */
  const newLead = () => [{ email: `silent+${(silentLeads += 1)}@acme.example` }];

  const inState = {
    draft: () => createCampaign(api, newLead()),
    empty: () => createCampaign(api, []),
    active: () => startCampaign(api, newLead()),
    paused: async () => {
      const id = await startCampaign(api, newLead());
      await api.send('POST', `/v1/campaigns/${id}/pause`);
      return id;
    },
    completed: async () => {
      const id = await startCampaign(api, newLead());
      await api.advance({ until: 'settled' });
      return id;
    },
  };

  test.each([
    ['empty', 'activate', 'CAMPAIGN_EMPTY', /has no leads.*POST \/v1\/campaigns\/cmp_\w+\/leads/],
    ['active', 'activate', 'CAMPAIGN_STARTED', /is active and no longer a draft/],
    ['paused', 'activate', 'CAMPAIGN_STARTED', /is paused.*resume/],
    ['completed', 'activate', 'CAMPAIGN_STARTED', /is completed/],
    ['draft', 'pause', 'CAMPAIGN_NOT_ACTIVE', /is draft, so there is nothing to pause/],
    ['paused', 'pause', 'CAMPAIGN_NOT_ACTIVE', /is paused.*Resume it/],
    ['completed', 'pause', 'CAMPAIGN_NOT_ACTIVE', /is completed/],
    ['draft', 'resume', 'CAMPAIGN_NOT_PAUSED', /is draft.*Start it/],
    ['active', 'resume', 'CAMPAIGN_NOT_PAUSED', /is active, so there is nothing to resume/],
    ['completed', 'resume', 'CAMPAIGN_NOT_PAUSED', /is completed/],
  ] as const)('a campaign that is %s: %s', async (state, verb, code, message) => {
    const id = await inState[state]();
    const { data: before } = await api.get(`/v1/campaigns/${id}`);
    const { status, error } = await api.send('POST', `/v1/campaigns/${id}/${verb}`);
    expect({ status, code: error.code }).toEqual({ status: 409, code });
    expect(error.message).toMatch(message);
    expect((await api.get(`/v1/campaigns/${id}`)).data).toEqual(before);
  });

  test('leads for a campaign that is over, other e-mails for one that has begun', async () => {
    const over = await inState.completed();
    const added = await api.send('POST', `/v1/campaigns/${over}/leads`, { leads: leads(1, 9) });
    expect(added.error.code).toBe('CAMPAIGN_COMPLETED');
    const begun = await inState.active();
    const changed = await api.send('PATCH', `/v1/campaigns/${begun}`, {
      sequences: sequence(0, 1),
    });
    expect(changed.error).toMatchObject({ code: 'CAMPAIGN_STARTED', status: 409 });
    expect(changed.error.message).toMatch(/"sequences" can no longer change/);
  });

  test.each([
    ['GET', ''],
    ['PATCH', ''],
    ['DELETE', ''],
    ['POST', '/activate'],
    ['POST', '/pause'],
    ['POST', '/resume'],
    ['POST', '/leads'],
    ['GET', '/leads'],
    ['DELETE', '/leads/lead_1'],
    ['GET', '/analytics'],
  ])('a campaign that does not exist: %s …%s', async (method, rest) => {
    const body = method === 'PATCH' ? { daily_limit: 1 } : { leads: leads(1) };
    const path = `/v1/campaigns/cmp_nope${rest}`;
    const { status, error } = await api.send(
      method,
      path,
      method === 'PATCH' || (rest === '/leads' && method === 'POST') ? body : undefined,
    );
    expect({ status, code: error.code }).toEqual({ status: 404, code: 'CAMPAIGN_NOT_FOUND' });
    expect(error.message).toContain('"cmp_nope"');
  });

  test('a lead that does not exist', async () => {
    const id = await createCampaign(api, leads(1));
    const { error } = await api.send('DELETE', `/v1/campaigns/${id}/leads/lead_nope`);
    expect(error).toMatchObject({ code: 'LEAD_NOT_FOUND', status: 404 });
  });

  test('an advance past the year 9999, and a campaign that would run there', async () => {
    const account = apiOf(mock.url, 'late');
    expect(
      (await account.send('POST', '/_sandbox/clock/advance', { by: '9000000d' })).error,
    ).toMatchObject({
      code: 'VALIDATION_FAILED',
      message: expect.stringContaining('9999-12-31'),
    });
    await account.advance({ to: '9999-12-30T00:00:00Z' });
    const id = await startCampaign(account, leads(1), { sequences: sequence(0, 365) });
    const { to } = await account.advance({ until: 'settled' });
    expect(Date.parse(to)).toBeLessThan(Date.parse('9999-12-31T23:59:59.999Z'));
    expect((await account.get(`/v1/campaigns/${id}`)).data.status).toBe('active');
  });

  test.each([
    [{}, /The body is an object|At least|profile/],
    [{ profile: 'wild' }, /"profile" is "wild".*average, excellent/],
    [{ rates: { reply: 2 } }, /"rates\.reply" is 2.*at most 1/],
    [{ rates: { replies: 1 } }, /"rates\.replies" is not a known field/],
    [{ rates: { sentiments: { positive: 0 } } }, /weight 0 for every sentiment/],
  ])('leads that cannot behave so: %j', async (body, message) => {
    const id = await createCampaign(api, []);
    const path = `/_sandbox/campaigns/${id}/simulation`;
    const { data: before } = await api.get(path);
    const { status, error } = await api.send('PUT', path, body);
    expect(status).toBe(422);
    expect(error.message).toMatch(message);
    expect((await api.get(path)).data).toEqual(before);
  });

  test('a scenario that does not exist', async () => {
    const { error } = await api.send('POST', '/_sandbox/scenarios', { scenario: 'storm' });
    expect(error.message).toMatch(/"scenario" is "storm".*reply, bounce-spike/);
  });
});
