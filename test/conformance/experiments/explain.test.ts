/**
 * Causes that experiments find at receivers whose fault is known, whichever check meets it.
 *
 * @module
 */
import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { seededRandom } from '../../../src/domain/random.ts';
import { periodOf } from '../../../src/conformance/experiments/intermittence.ts';
import type { CheckResult, Report } from '../../../src/conformance/report.ts';
import { ModelReceiver, type Answer, type Event } from '../../receivers/model/receiver.ts';
import { examine, SECRET } from '../run-suite.ts';

/** Answers some valid events with a status of its own. */
class Failing extends ModelReceiver {
  readonly fails: (event: Event, nth: number) => boolean;
  readonly status: number;
  handled = 0;

  constructor(fails: (event: Event, nth: number) => boolean, status = 500) {
    super(SECRET);
    this.fails = fails;
    this.status = status;
  }

  override async arrived(event: Event): Promise<Answer> {
    this.handled += 1;
    return this.fails(event, this.handled) ? { status: this.status } : super.arrived(event);
  }
}

const failures = async (
  fails: (event: Event, nth: number) => boolean,
  only: readonly string[],
  status?: number,
): Promise<readonly CheckResult[]> => {
  await using receiver = new Failing(fails, status);
  await receiver.start();
  const report: Report = await examine(receiver, only);
  return report.checks.filter((check) => check.status === 'fail');
};

const causes = (found: readonly CheckResult[]): readonly string[] =>
  found.map(({ diagnosis }) => diagnosis?.split('. ')[0] ?? '');

const textOf = (event: Event, member: string): string => String(event.data[member] ?? '');

test('two checks that meet one fault name one cause', async () => {
  const found = await failures(
    (event) => /<script/.test(textOf(event, 'reply_preview')),
    ['content/waf', 'content/generated'],
  );
  expect(causes(found)).toEqual([
    'Refuses every event whose `reply_preview` contains a script element',
  ]);
  expect(found[0]?.diagnosis).toContain('A wrong signature gets 401');
  expect(found[0]?.diagnosis).toContain('the handler fails behind it (500)');
});

test('a length is found to the byte, and which unit it is counted in', async () => {
  const found = await failures(
    (event) => Buffer.byteLength(textOf(event, 'reply_preview')) > 1500,
    ['content/long-preview'],
  );
  expect(causes(found)).toEqual([
    'Refuses every event whose `reply_preview` is longer than 1,500 bytes in UTF-8',
  ]);
});

/** Whether the first bytes of a text end within a character. */
const isCutWithin = (text: string, bytes: number): boolean => {
  const next = Buffer.from(text)[bytes];
  return next !== undefined && (next & 0xc0) === 0x80;
};

test('a cut in the middle of a character is found to the byte', async () => {
  const found = await failures(
    (event) => isCutWithin(textOf(event, 'bounce_message'), 255),
    ['content/generated-rare'],
  );
  expect(causes(found)).toEqual([
    'Refuses every event whose `bounce_message` has a character of several bytes across the end of its first 255 bytes, where the text is cut in the middle of the character',
  ]);
});

test('one type of event is named', async () => {
  const found = await failures((event) => event.event === 'email.clicked', ['content/event-types']);
  expect(causes(found)).toEqual(['Refuses every `email.clicked` event']);
});

test('a combination that alone is accepted is named as one', async () => {
  const found = await failures(
    ({ event, data }) =>
      event === 'email.replied' && !('lead_name' in data) && !('lead_company' in data),
    ['content/optional-null'],
  );
  expect(causes(found)).toEqual([
    'Refuses an event in which `lead_name` is absent and `lead_company` is absent',
  ]);
});

test('an age is found, as a limit', async () => {
  const age = (event: Event): number => Date.now() - Date.parse(event.timestamp);
  const found = await failures((event) => age(event) > 300_000, ['delivery/old-events'], 400);
  expect(causes(found)).toEqual([
    'Refuses every event whose `timestamp` is older than about 5 minutes',
  ]);
});

test.each<[string, (event: Event) => boolean]>([
  ['`timestamp` is on 29 February', ({ timestamp }) => timestamp.slice(5, 10) === '02-29'],
  // Several pieces that are accepted alone are too long together.
  ['`lead_name` is longer than 50 characters', (event) => textOf(event, 'lead_name').length > 50],
  [
    '`lead_name` is longer than 255 bytes in UTF-8',
    (event) => Buffer.byteLength(textOf(event, 'lead_name')) > 255,
  ],
  [
    '`lead_name` has more than 3 words',
    (event) => textOf(event, 'lead_name').split(/\s+/).length > 3,
  ],
  [
    '`reply_preview` is a date with a time',
    (event) => /^\d{4}-\d\d-\d\dT/.test(textOf(event, 'reply_preview')),
  ],
])('what is refused: %s, and nothing that comes with it', async (what, fails) => {
  const found = await failures(fails, ['content/generated', 'content/generated-rare']);
  expect(causes(found)).toEqual([`Refuses every event whose ${what}`]);
});

test('every second event is refused: that is the cause, and not the signature', async () => {
  const found = await failures((_, nth) => nth % 2 === 1, ['content/examples']);
  expect(causes(found)).toEqual(['Refuses every second event, whatever is in it']);
});

test('an ordinary domain that is not the example’s is the cause at the first event', async () => {
  const found = await failures(
    (event) => !/\.[a-z]{2,4}$/.test(textOf(event, 'lead_email') || 'x.com'),
    ['signature/accepts-valid'],
    422,
  );
  expect(causes(found)).toEqual([
    'Refuses every event whose `lead_email` has a top-level domain of more than 4 letters',
  ]);
});

test('a list of allowed domains is named as one', async () => {
  const found = await failures(
    (event) => !/\.(com|org)$/.test(textOf(event, 'lead_email') || 'x.com'),
    ['signature/accepts-valid'],
    422,
  );
  expect(causes(found)).toEqual([
    'Refuses every event whose `lead_email` has another top-level domain than .com',
  ]);
});

test.each([
  [[1, 3, 5, 7, 9], 2],
  [[2, 5, 8], 3],
  [[2, 4, 6], null],
  [[1, 3], null],
  [[1, 3, 4, 9], null],
])('of refusals at %j the period is %s', (places, period) => {
  expect(periodOf(places, 10)).toBe(period);
});

const digestOf = (event: Event): Buffer =>
  createHmac('sha256', SECRET).update(JSON.stringify(event)).digest();

/** Number of events that are accepted first, whatever their digest: those before the check. */
const BEGINNING = 20;

// Each holds for many digests: those of a run depend on the second in which it begins.
test.each<[string, (digest: Buffer) => boolean]>([
  ['has its first bit set', (digest) => digest[0]! >= 128],
  ['contains a slash as Base64', (digest) => digest.toString('base64').includes('/')],
  ['has a byte below 16', (digest) => digest.some((byte) => byte < 16)],
])('refusals that seem to come by chance: the digest %s', async (trait, holds) => {
  const found = await failures(
    (event, nth) => nth > BEGINNING && holds(digestOf(event)),
    ['delivery/no-loss'],
    401,
  );
  expect(causes(found)).toEqual([`Refuses each event whose digest ${trait}, and no other`]);
  expect(found[0]?.diagnosis).toMatch(/each of the 6 with it failed, and each of the 6 without/);
});

test.each([
  [1, 0.3],
  [2, 0.3],
  [3, 0.3],
  [11, 0.2],
])('what is refused by chance is said to be (seed %i, %f of all)', async (seed, share) => {
  const random = seededRandom(seed);
  const checks = ['delivery/no-loss', 'content/examples'];
  const found = await failures(() => random() < share, checks, 401);
  expect(causes(found)).toEqual([
    expect.stringMatching(/^Refuses plain events at random: by chance, \d+ of \d+ that are sent/),
  ]);
});

const isBeyondLatin1 = (event: Event): boolean => /[^\u0000-\u00FF]/.test(JSON.stringify(event));

test.each([['signature/body-reserialized'], ['http/keep-alive'], ['content/generated']])(
  'what an event holds is the cause, however %s writes and sends it',
  async (id) => {
    const found = await failures(isBeyondLatin1, [id]);
    expect(causes(found)).toEqual([
      expect.stringMatching(/^Refuses every event whose .* contains a character beyond Latin-1$/),
    ]);
  },
);
