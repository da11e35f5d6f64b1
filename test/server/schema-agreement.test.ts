/**
 * The published schemas and the server agree: values that the schemas take for valid are not refused (where a schema
 * cannot say it all, its description does), and methods that no path documents are 405.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OPERATIONS } from '../../schemas/operations.ts';
import { createMock, type Mock } from '../../src/create-mock.ts';
import { apiOf, SECRET, type Api } from '../support/api.ts';
import { requestText, sendRaw } from '../support/raw-http.ts';
import { judge, placeOf } from './oracle/judge.ts';
import { campaign } from './oracle/scenarios.ts';

let mock: Mock;
let api: Api;
beforeAll(async () => {
  mock = await createMock({ clock: 'frozen', rateLimit: false });
  api = apiOf(mock.url, 'agreement');
});
afterAll(() => mock.close());

const isValid = (name: string, value: unknown): boolean =>
  judge(placeOf('openapi.yaml', 'components', 'schemas', name), value).length === 0;

describe('a cursor', () => {
  test('that the schema takes is taken, and the other way round', async () => {
    for (const cursor of [
      'cur_0',
      'cur_7',
      'cur_999999999999999',
      '0',
      'cur_',
      'c2VxOjE',
      'cur_-1',
      'é',
    ]) {
      for (const path of ['/v1/campaigns', '/_sandbox/events', '/_sandbox/sinks/crm/requests']) {
        const { status } = await api.get(`${path}?cursor=${encodeURIComponent(cursor)}`);
        expect([cursor, path, status]).toEqual([
          cursor,
          path,
          isValid('Cursor', cursor) ? 200 : 422,
        ]);
      }
    }
  });
  test('of a page is one that the schema takes', async () => {
    for (let made = 0; made < 2; made += 1)
      await api.send('POST', '/_sandbox/events', { event: 'email.sent' });
    const { meta } = await api.get('/_sandbox/events?limit=1');
    expect(isValid('Cursor', meta.next_cursor)).toBe(true);
    expect(
      (await api.get(`/_sandbox/events?limit=1&cursor=${meta.next_cursor}`)).data,
    ).toHaveLength(1);
  });
});

test.each([
  [['*']],
  [['email.sent']],
  [['email.sent', 'email.opened']],
  [['*', 'email.sent']],
  [['email.sent', '*']],
  [['*', '*']],
  [['email.sent', 'email.sent']],
  [[]],
])('the events %j are as valid for the server as by the schema', async (events) => {
  const url = 'http://127.0.0.1:9/';
  const { status } = await api.send('POST', '/v1/webhooks', { url, events, secret: SECRET });
  expect(status).toBe(isValid('Subscriptions', events) ? 201 : 422);
});

describe('a time zone', () => {
  const create = (timezone: string) =>
    apiOf(mock.url, `zone ${timezone}`).send('POST', '/v1/campaigns', { ...campaign, timezone });
  test('of the IANA database is valid by the schema', () => {
    const zones = [
      ...Intl.supportedValuesOf('timeZone'),
      'UTC',
      'utc',
      'GMT0',
      'Etc/GMT+1',
      'NZ-CHAT',
    ];
    expect(zones.filter((zone) => !isValid('TimeZone', zone))).toEqual([]);
  });
  test.each(['America/Argentina/ComodRivadavia', 'W-SU', 'Etc/GMT-14', 'EST5EDT'])(
    '%s is taken',
    async (zone) => expect((await create(zone)).status).toBe(201),
  );
  test.each(['0000', '', 'Mars ', 'America/', '+01:00', 'x'.repeat(65)])(
    '%j is neither valid by the schema nor taken',
    async (zone) => {
      expect(isValid('TimeZone', zone)).toBe(false);
      const { status, error } = await create(zone);
      expect(status).toBe(422);
      expect(error.message).toContain('America/New_York');
    },
  );
});

describe('a method that a path does not document', () => {
  test.each(
    // Sinks record every method; streams and waits are paths like others here.
    [...new Set(OPERATIONS.map(({ path }) => path))].filter(
      (path) => path !== '/_sandbox/sinks/{name}',
    ),
  )('of %s is 405, and Allow names the others', async (template) => {
    const operations = OPERATIONS.filter(({ path }) => path === template);
    const path = template.replaceAll(/\{\w+\}/g, 'x1');
    const documented = operations.flatMap(({ method }) =>
      method === 'GET' ? ['GET', 'HEAD'] : [method],
    );
    for (const method of [
      'GET',
      'POST',
      'PUT',
      'PATCH',
      'DELETE',
      'OPTIONS',
      'TRACE',
      'QUERY',
      'PROPFIND',
    ]) {
      if (documented.includes(method)) continue;
      const headers = [`Host: ${new URL(mock.url).host}`, 'x-user-context: methods'];
      const answer = await sendRaw(mock.url, requestText(`${method} ${path}`, headers));
      expect([method, answer.status]).toEqual([method, 405]);
      expect(answer.headers.get('allow')?.split(', ').toSorted()).toEqual(
        [...new Set(documented)].toSorted(),
      );
      expect(JSON.parse(answer.body).error.code).toBe('METHOD_NOT_ALLOWED');
    }
  });
  test('is 404 where there is no sink’s name', async () => {
    for (const path of ['/_sandbox/sinks/', '/_sandbox/sinks//x'])
      expect((await api.send('POST', path, {})).status).toBe(404);
  });
});
