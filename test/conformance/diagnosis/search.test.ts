/**
 * What a receiver takes for the right signature is found by trying, and told.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { pythonBytes } from '../../../src/signature/json-dialects.ts';
import { explainMatch } from '../../../src/conformance/diagnosis/explain-match.ts';
import { searchSignature } from '../../../src/conformance/diagnosis/search.ts';
import { trickyBody } from '../../../src/conformance/diagnosis/unusual-data.ts';
import { scripted, type Script } from '../scripted-receiver.ts';
import { hashing, hmac, taking } from './signing.ts';
import { diagnosed } from './message.ts';

const sorted = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(
        Object.entries(value)
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
          .map(([key, inner]) => [key, sorted(inner)]),
      )
    : value;

const idOf = (body: string): string => (JSON.parse(body) as { id: string }).id;

const WAYS: Readonly<Record<string, Script>> = {
  'without the prefix': taking(({ body }) => hmac(body)),
  'in base64': taking(({ body }) => Buffer.from(hmac(body), 'hex').toString('base64')),
  'in upper case': taking(({ body }) => `sha256=${hmac(body).toUpperCase()}`),
  'in another header': taking(({ body }) => `sha256=${hmac(body)}`, 'x-hub-signature-256'),
  'in another header, without the prefix': taking(({ body }) => hmac(body), 'x-signature'),
  'with a newline after the secret': taking(
    ({ body }) => `sha256=${hmac(body, 'whsec_your-signing-secret\n')}`,
  ),
  'with the secret behind its prefix': taking(
    ({ body }) => `sha256=${hmac(body, 'your-signing-secret')}`,
  ),
  'over nothing': hashing(() => ''),
  'over an object': hashing(() => '[object Object]'),
  'over an object, in Express': hashing(() => '[object Object]', { 'x-powered-by': 'Express' }),
  'over "data" alone': hashing((body) =>
    JSON.stringify((JSON.parse(body) as { data: unknown }).data),
  ),
  'over sorted keys, without spaces, in Python': hashing((body) =>
    JSON.stringify(sorted(JSON.parse(body))).replaceAll(
      /[\u0080-\uFFFF]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
    ),
  ),
  'over the id and the body': hashing((body) => `${idOf(body)}.${body}`),
  'over the text of the bytes, in Flask': hashing((body) => pythonBytes(Buffer.from(body)), {
    server: 'Werkzeug/3.1.3',
  }),
  'over a form, in PHP': hashing(() => '[]', { 'x-powered-by': 'PHP/8.4.1' }),
};

/** Only where something else is done to the body does it differ. */
const refusesPlain =
  (script: Script): Script =>
  (heard, nth) =>
    heard.isSigned ? 401 : script(heard, nth);

describe('a receiver that takes a signature', () => {
  test.for(Object.entries(WAYS))('%s', async ([, script]) => {
    const { text, requests } = await diagnosed(refusesPlain(script));
    expect(requests).toBeLessThanOrEqual(3 + 130 + 30);
    expect(text).toMatchSnapshot();
  });

  test('hashing an unknown text is reported as such', async () => {
    // As what it parsed here, and nothing known over another body.
    const { text } = await diagnosed((heard) =>
      heard.headers['x-sendemall-signature'] === `sha256=${hmac('')}` &&
      !heard.body.includes('Zoë <')
        ? 200
        : 401,
    );
    expect(text).toMatchSnapshot();
  });
});

describe('the search', () => {
  test('sends each way once, over the body that was refused', async () => {
    await using receiver = await scripted(() => 401);
    const body = Buffer.from('{"id":"evt_1"}');
    const search = await searchSignature(receiver.probe, body);
    expect(search).toEqual({ match: null, tried: receiver.heard.length, complete: true });
    const looks = receiver.heard.map(({ headers }) =>
      JSON.stringify(Object.entries(headers).filter(([name]) => /signature|hook|hmac/i.test(name))),
    );
    expect(new Set(looks).size).toBeGreaterThan(receiver.heard.length - 3);
    expect(new Set(receiver.heard.map((heard) => heard.body))).toEqual(new Set([body.toString()]));
  });

  test('ends with the batch in which one was accepted', async () => {
    await using receiver = await scripted(taking(({ body }) => hmac(body)));
    const search = await searchSignature(receiver.probe, Buffer.from('{"id":"evt_1"}'));
    expect(search.match).toMatchObject({
      proven: true,
      candidate: { causes: [{ id: expect.stringContaining('prefix') as string }] },
      exchange: { reply: { status: 200 } },
    });
    expect(search).toMatchObject({ complete: true });
    expect(search.tried % 6).toBe(0);
    expect(search.tried).toBeLessThan(receiver.heard.length);
  });

  test.for([429, 'cut'] as const)('is given up when all get %s', async (act) => {
    await using receiver = await scripted(() => act);
    const search = await searchSignature(receiver.probe, Buffer.from('{"id":"evt_1"}'));
    expect(search).toEqual({ match: null, tried: 6, complete: false });
  });

  test('goes on while some are answered', async () => {
    await using receiver = await scripted((_, nth) => (nth % 6 === 0 ? 401 : 429));
    const search = await searchSignature(receiver.probe, Buffer.from('{"id":"evt_1"}'));
    expect(search.complete).toBe(true);
    expect(search.tried).toBeGreaterThan(80);
  });

  test('tries one at a time where the receiver is slow', async () => {
    await using receiver = await scripted(() => 401);
    const slow = { kind: 'answer', status: 401, headers: [], body: '', durationMs: 501 } as const;
    const body = Buffer.from('{"id":"evt_1"}');
    receiver.probe.keep({ method: 'POST', headers: [], body, manner: null }, slow);
    let waiting = 0;
    let most = 0;
    const probe = {
      ...receiver.probe,
      post: async (...given: Parameters<typeof receiver.probe.post>) => {
        waiting += 1;
        most = Math.max(most, waiting);
        const exchange = await receiver.probe.post(...given);
        waiting -= 1;
        return exchange;
      },
    };
    await searchSignature(probe, body);
    expect(most).toBe(1);
  });

  test('ends after eight seconds', async () => {
    await using receiver = await scripted((_, nth) => {
      // Time goes on by somebody who waits.
      if (nth === 5) receiver.wall.after(7999, () => {});
      if (nth === 11) receiver.wall.after(1, () => {});
      return 401;
    });
    const search = await searchSignature(receiver.probe, Buffer.from('{"id":"evt_1"}'));
    expect(search.complete).toBe(false);
    expect([12, 18]).toContain(search.tried);
  });

  test('says of something accepted for another reason that it is not proven', async () => {
    await using receiver = await scripted((heard) =>
      heard.headers['x-sendemall-signature'] === hmac('{"id":"evt_1"}') ? 200 : 401,
    );
    const { match } = await searchSignature(receiver.probe, Buffer.from('{"id":"evt_1"}'));
    expect(match).toMatchObject({ proven: false, exchange: { reply: { status: 200 } } });
    expect(explainMatch(match!).diagnosis).toMatch(/^It accepts a signature that /);
  });
});

test('the tricky body is a legal event, and unlike what any serialiser writes', async () => {
  await using receiver = await scripted(() => 200);
  for (const step of ['1.0', '1'] as const) {
    const text = trickyBody(receiver.probe, step).toString();
    expect(JSON.parse(text)).toMatchObject({
      event: 'email.replied',
      id: expect.stringMatching(/^evt_/) as string,
      data: {
        lead_name: 'Zoë <O’Hara>',
        lead_company: 'A/B & Söhne',
        reply_preview: 'Ça marche 👍 – "jeudi" à 14\u202Fh?\n\tOk+',
        sequence_step: 1,
      },
    });
    expect(text.endsWith(`"sequence_step":${step}}} \n`)).toBe(true);
    expect(text).toContain(String.raw`A\/B & S\u00f6hne`);
    expect(text).toMatch(/^\{"timestamp":"[^"]+", "event":"email\.replied",\n"id": "evt_/);
    expect(text).toContain('\n  "lead_name" :"Zoë');
  }
});
