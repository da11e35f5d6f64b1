/**
 * Whether an event is processed after one of each type, of the same lead and campaign: every pair of types, one event
 * after the other and a minute apart by their times, against each type alone.
 *
 * @module
 */
import { EVENT_TYPES, type EventType } from '../../../schemas/contract.ts';
import type { Symptom, Verdict } from '../check.ts';
import { play, type Played } from '../histories/play.ts';
import type { History, Step } from '../histories/step.ts';
import { judgePlayed, mostSevere, type Violation } from '../histories/violations.ts';
import type { Probe } from '../probe/probe.ts';
import { fail, notTested, pass } from '../verdict.ts';
import { explainDoubledTypes, type DoubledTypes } from './doubled-types.ts';
import { knowsCause, rememberCause } from './known-causes.ts';
import { explainBySharedMembers } from './shared-members.ts';
import {
  causeOfLoss,
  causeOfState,
  notOfUnsubscribes,
  type Pair,
  type WrongState,
} from './type-pairs-cause.ts';

const SECONDS_APART = 60;
const PATIENCE = { patienceMs: 1000 };
/** No further pair is begun after this time. Milliseconds. */
const PLAY_FOR_MS = 3000;
const PLAY_THOROUGHLY_FOR_MS = 20_000;
/** For a receiver that needs seconds for every response. */
const SLOW_PAIRS = 16;

/** Types that end something, or set what others must leave alone. */
const TELLING: readonly EventType[] = [
  'campaign.completed',
  'email.unsubscribed',
  'email.replied',
  'email.bounced',
  'email.opened',
];

const TYPES: readonly EventType[] = [
  ...TELLING,
  ...EVENT_TYPES.filter((type) => !TELLING.includes(type)),
];

interface Place {
  readonly lead?: number;
  readonly campaign?: number;
}

const step = (type: EventType, { lead = 0, campaign = 0 }: Place = {}): Step => ({
  kind: 'event',
  type,
  lead,
  campaign,
  path: 'fresh',
});

const historyOf = ({ first, second }: Pair, place: Place = {}): History => [
  step(first),
  step(second, place),
];

/** Those of the telling types first. A campaign is completed once. */
const PAIRS: readonly Pair[] = TYPES.flatMap((one, at) => [
  ...TYPES.slice(0, at).flatMap((other) => [
    { first: one, second: other },
    { first: other, second: one },
  ]),
  ...(one === 'campaign.completed' ? [] : [{ first: one, second: one }]),
]);

const tell = async (probe: Probe, history: History): Promise<readonly Violation[]> => {
  const played = await play(probe, history, { secondsApart: SECONDS_APART });
  const [violations = []] = await judgePlayed(probe, [played], PATIENCE);
  return violations;
};

interface Seen {
  readonly pair: Pair;
  readonly violation: Violation;
  readonly played: Played;
}

/** What the second event, which is fine alone, shows behind the first. A later value of the same kind is for other checks. */
const violationOf = (
  { first, second }: Pair,
  violations: readonly Violation[],
  kinds: readonly Symptom[],
): Violation | null =>
  mostSevere(
    violations.filter(
      ({ kind, sent }) =>
        kinds.includes(kind) && (kind === 'state' ? first !== second : sent.step === 1),
    ),
  );

const playAll = async (probe: Probe, pairs: readonly Pair[]): Promise<readonly Played[]> => {
  const histories = pairs.map((pair) => historyOf(pair));
  const options = { secondsApart: SECONDS_APART };
  if (probe.isSlow()) {
    return Promise.all(histories.slice(0, SLOW_PAIRS).map((one) => play(probe, one, options)));
  }
  const until = probe.wall.now() + (probe.thorough ? PLAY_THOROUGHLY_FOR_MS : PLAY_FOR_MS);
  const played: Played[] = [];
  for (const history of histories) {
    if (probe.wall.now() > until) break;
    played.push(await play(probe, history, options));
  }
  return played;
};

interface Single {
  readonly type: EventType;
  readonly played: Played;
  readonly isFine: boolean;
}

/** One event of each type alone, with the time that it has in a pair. */
const playAlone = async (probe: Probe): Promise<readonly Single[]> => {
  const options = { secondsApart: SECONDS_APART };
  const played = await Promise.all(EVENT_TYPES.map((type) => play(probe, [step(type)], options)));
  const judged = await judgePlayed(probe, played, PATIENCE);
  return EVENT_TYPES.map((type, at) => ({
    type,
    played: played[at]!,
    isFine: judged[at]!.length === 0,
  }));
};

/** A further effect may come long after the first. */
const areDoubled = async ({ effects }: Probe, singles: readonly Single[]): Promise<boolean> => {
  if (effects === null) return false;
  const ids = singles.flatMap(({ played }) => played.sent.map(({ event }) => event!.id));
  return (await Promise.all(ids.map((id) => effects.count(id)))).some((count) => count > 1);
};

const failDoubled = ({ cause, exchanges }: DoubledTypes): Verdict =>
  fail({
    symptom: 'doubled',
    key: cause.key,
    expected: ['one effect of each event, whatever its type'],
    actual: 'events of some types that were sent once have several effects',
    diagnosis: cause.sentence,
    fix: cause.fix,
    exchanges,
  });

const KINDS: readonly Symptom[] = ['refused', 'doubled', 'lost', 'state'];
/** Pairs that are tried again: enough to be sure. */
const MAX_CONFIRMED = 3;

/** Those that show it again, with fresh ids and leads. */
const confirm = async (probe: Probe, seen: readonly Seen[]): Promise<readonly Seen[]> => {
  for (const { pair, violation } of seen.slice(0, MAX_CONFIRMED)) {
    const again = violationOf(pair, await tell(probe, historyOf(pair)), [violation.kind]);
    if (again === null) return [];
  }
  return seen;
};

/** Whether it is seen, too, where the second event has another lead or campaign. */
const spreads = async (probe: Probe, { pair, violation }: Seen, place: Place): Promise<boolean> =>
  violationOf(pair, await tell(probe, historyOf(pair, place)), [violation.kind]) !== null;

const wrongStateOf = ({ pair, violation: { actual, members = [] } }: Seen): WrongState => ({
  ...pair,
  actual,
  members,
});

const explain = async (probe: Probe, seen: readonly Seen[], fine: ReadonlySet<EventType>) => {
  const [first] = seen as readonly [Seen];
  if (first.violation.kind === 'state') {
    return causeOfState(seen.map(wrongStateOf));
  }
  return causeOfLoss(
    first.violation,
    seen.map(({ pair }) => pair),
    {
      fine,
      isOfOtherLeads: await spreads(probe, first, { lead: 1 }),
      isOfOtherCampaigns: await spreads(probe, first, { campaign: 1 }),
    },
  );
};

const describe = ({ pair: { first, second }, violation: { actual } }: Seen): string =>
  `${second} after ${first}: ${actual}`;

/** Further ones are only counted. */
const MAX_LISTED = 4;

const failFor = async (
  probe: Probe,
  seen: readonly Seen[],
  fine: ReadonlySet<EventType>,
): Promise<Verdict> => {
  const { kind } = seen[0]!.violation;
  const cause = await explain(probe, seen, fine);
  rememberCause(probe, kind, cause);
  const more = seen.length - MAX_LISTED;
  return fail({
    symptom: kind,
    key: cause.key,
    expected: ['a 2xx, one effect and the state that both events add up to'],
    actual: `${seen.slice(0, MAX_LISTED).map(describe).join('; ')}${more > 0 ? `; and ${more} more` : ''}`,
    diagnosis: cause.sentence,
    fix: cause.fix,
    exchanges: seen[0]!.played.sent.map(({ exchange }) => exchange),
  });
};

/** All of the most severe kind that no other check is about. */
const worstOf = (seen: readonly Seen[]): readonly Seen[] => {
  const kind = mostSevere(seen.map(({ violation }) => violation))?.kind;
  const alike = seen.filter(({ violation }) => violation.kind === kind);
  if (kind !== 'state') return alike;
  const wrong = alike.map((one) => ({ ...wrongStateOf(one), one }));
  return notOfUnsubscribes(wrong).map(({ one }) => one);
};

const judgePairs = async (
  probe: Probe,
  fine: ReadonlySet<EventType>,
  kinds: readonly Symptom[],
): Promise<Verdict> => {
  const pairs = PAIRS.filter(({ first, second }) => fine.has(first) && fine.has(second));
  const played = await playAll(probe, pairs);
  const judged = await judgePlayed(probe, played, PATIENCE);
  const seen = played.flatMap((one, at): readonly Seen[] => {
    const pair = pairs[at]!;
    const violation = violationOf(pair, judged[at]!, kinds);
    return violation === null ? [] : [{ pair, violation, played: one }];
  });
  const confirmed = await confirm(probe, worstOf(seen));
  const [first] = confirmed;
  if (first === undefined) return pass(`${played.length} of ${pairs.length} pairs of types`);
  if (first.violation.kind === 'lost' && (await explainBySharedMembers(probe)) !== null) {
    return notTested('Events are lost by what they share with others: see delivery/dedupe-key.');
  }
  return failFor(probe, confirmed, fine);
};

/** Judge every pair of types whose events are fine alone. */
export const judgeTypePairs = async (probe: Probe): Promise<Verdict> => {
  const kinds = KINDS.filter((kind) => !knowsCause(probe, kind));
  const singles = await playAlone(probe);
  const fine = new Set(singles.filter(({ isFine }) => isFine).map(({ type }) => type));
  const verdict =
    fine.size === 0
      ? notTested('Single events are not treated as they should be.')
      : await judgePairs(probe, fine, kinds);
  if (verdict.status === 'fail' || !kinds.includes('doubled')) return verdict;
  const doubled = (await areDoubled(probe, singles)) ? await explainDoubledTypes(probe) : null;
  return doubled === null ? verdict : failDoubled(doubled);
};
