/**
 * The first sentence of a finding: what the shortest history shows, in words.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { causeOf } from '../../../src/conformance/histories/cause.ts';
import { createModel } from '../../../src/conformance/histories/model.ts';
import type { Sent } from '../../../src/conformance/histories/play.ts';
import type { History, Part, Step } from '../../../src/conformance/histories/step.ts';
import type { ViolationKind } from '../../../src/conformance/histories/violations.ts';
import { answer, exchange } from '../fixtures.ts';

const event = (lead = 0): Part => ({ kind: 'event', type: 'email.replied', lead });
const repeat: Part = { kind: 'repeat', back: 0 };
const on = (path: 'kept' | 'fresh', part: Part): Step => ({ ...part, path });
const forgery: Part = { kind: 'forgery', form: 'unsigned', type: 'email.replied' };
const together = (...parts: readonly Part[]): Step => ({ kind: 'together', parts });
const burst: Step = { kind: 'burst', count: 90, type: 'email.replied' };

const say = (
  kind: ViolationKind,
  history: History,
  {
    role = 'event',
    count = 2,
    alike = 1,
  }: { role?: Sent['role']; count?: number; alike?: number } = {},
) => {
  const sent: Sent = {
    step: history.length - 1,
    role,
    event: null,
    exchange: exchange(answer(500)),
    isThrottled: false,
  };
  const violation = { kind, sent, count, actual: '`open_count` is 1, expected 2' };
  return causeOf({ played: { history, sent: [sent], model: createModel() }, violation, alike });
};

test.each<[string, ViolationKind, History, Parameters<typeof say>[2]]>([
  ['a body left unread', 'refused', [on('kept', forgery), on('kept', event())], {}],
  [
    'an open transaction',
    'refused',
    [on('fresh', event()), on('fresh', repeat), on('fresh', event(1))],
    {},
  ],
  ['ids by worker', 'doubled', [on('kept', event()), on('fresh', repeat)], { role: 'repeat' }],
  [
    'a first step repeated',
    'doubled',
    [{ kind: 'failed try', type: 'email.replied' }, on('fresh', repeat)],
    { role: 'repeat' },
  ],
  ['an inbox taken up again', 'doubled', [on('kept', event()), { kind: 'restart' }], {}],
  ['a batch rolled back', 'lost', [on('kept', event()), together(repeat, event(1))], {}],
  ['a lost update', 'state', [together(event(), event())], {}],
  ['shared state', 'lost', [together(event(), event(1))], {}],
  ['a pool of five', 'lost', [together(...[0, 1, 2, 3, 4, 5].map((lead) => event(lead)))], {}],
  ['a full queue', 'lost', [burst], { alike: 26 }],
  ['a throttle by lead', 'lost', [on('kept', event()), on('kept', event())], {}],
  [
    'ids that expire',
    'doubled',
    [on('fresh', event()), { kind: 'pause', ms: 2000 }, on('fresh', repeat)],
    { role: 'repeat' },
  ],
])('%s', (_, kind, history, more) => {
  expect(say(kind, history, more).sentence).toMatchSnapshot();
});

test('the key is the same for the same shape, whatever the numbers', () => {
  const one = say('lost', [{ ...burst, count: 80 }]);
  const other = say('lost', [burst], { alike: 7 });
  expect(one.key).toBe(other.key);
});
