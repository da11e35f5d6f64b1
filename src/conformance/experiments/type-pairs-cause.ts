/**
 * Causes of what pairs of types show, in words.
 *
 * @module
 */
import type { EventType } from '../../../schemas/contract.ts';
import type { Violation } from '../histories/violations.ts';
import type { StateMember } from '../judge/interests.ts';
import { describeReply } from '../verdict.ts';
import { list } from './cause-text.ts';
import type { NamedCause } from './known-causes.ts';

/** Types of two events that follow each other. */
export interface Pair {
  readonly first: EventType;
  readonly second: EventType;
}

const code = (names: Iterable<string>, word: string): string =>
  list(
    [...names].map((name) => `\`${name}\``),
    word,
  );

const article = (types: string): string => (types.startsWith('`email') ? 'an' : 'a');

/** What was tried with the first pair, besides the pair itself. */
export interface Spread {
  /** Types whose event alone is treated as it should be. */
  readonly fine: ReadonlySet<EventType>;
  /** Whether the second event shows it, too, when it is of another lead. */
  readonly isOfOtherLeads: boolean;
  /** The same of another campaign. */
  readonly isOfOtherCampaigns: boolean;
}

const sameOf = ({ isOfOtherLeads, isOfOtherCampaigns }: Spread): string => {
  if (isOfOtherLeads && isOfOtherCampaigns) return '';
  if (isOfOtherLeads) return ' of the same campaign';
  return isOfOtherCampaigns ? ' of the same lead' : ' of the same lead and campaign';
};

const outcomeOf = ({ kind, sent, count }: Violation): string => {
  if (kind === 'refused') return `refused (${describeReply(sent.exchange.reply)})`;
  return kind === 'lost' ? 'accepted and lost' : `processed ${count} times`;
};

/** "every event", or the types that it is seen with. */
const which = (
  types: ReadonlySet<EventType>,
  all: ReadonlySet<EventType>,
): { readonly isAny: boolean; readonly text: string } =>
  types.size > 2 && types.size >= all.size - 1
    ? { isAny: true, text: 'event' }
    : { isAny: false, text: code(types, 'or') };

const LOSS_FIX =
  'Process each event whatever came before it: a campaign or a lead that is finished still gets replies, bounces and unsubscribes, and retried events arrive up to 35 minutes late. Recognise a repeat by the id of the event alone.';

/** @param pairs all that show it, the one that was looked at first */
export const causeOfLoss = (
  violation: Violation,
  pairs: readonly Pair[],
  spread: Spread,
): NamedCause => {
  const { first } = pairs[0]!;
  const behind = which(
    new Set(pairs.filter((one) => one.first === first).map(({ second }) => second)),
    spread.fine,
  );
  const before = which(new Set(pairs.map((one) => one.first)), spread.fine);
  const same = sameOf(spread);
  const outcome = outcomeOf(violation);
  const sentence = before.isAny
    ? `A further event${same} is ${outcome}, whatever type it has, though one a minute later by its time and with an id of its own is no repeat.`
    : `After \`${first}\`, ${behind.isAny ? 'every' : article(behind.text)} ${behind.text}${behind.isAny ? '' : ' event'}${same} is ${outcome}, though it is treated as it should be alone: what is finished or set by the one is taken for a reason to ignore the other.`;
  const key = `pairs:${violation.kind}:${before.isAny ? 'any' : first}${same.replaceAll(' ', '-')}`;
  return { key, sentence, fix: LOSS_FIX };
};

/** Types that set a member. */
const SETS: Readonly<Record<StateMember, readonly EventType[]>> = {
  open_count: ['email.opened'],
  sentiment: ['email.replied'],
  unsubscribed: ['email.unsubscribed'],
  suppressed: ['email.bounced', 'email.unsubscribed'],
};

export interface WrongState extends Pair {
  readonly members: readonly StateMember[];
  /** "`open_count` is 0, expected 1". */
  readonly actual: string;
}

/** @param wrong not empty */
export const causeOfState = (wrong: readonly WrongState[]): NamedCause => {
  const [{ first, second, members, actual }] = wrong as readonly [WrongState];
  const member = members[0] ?? 'open_count';
  const alike = wrong.filter((one) => one.members.includes(member));
  if (SETS[member].includes(second)) {
    return {
      key: `state:not-set:${member}`,
      sentence: `After \`${first}\`, an \`${second}\` event of the same lead does not change \`${member}\` (${actual}), though it does alone.`,
      fix: 'Apply each event to its lead whatever came before it: a lead has several facts, not one status.',
    };
  }
  const types = code(new Set(alike.map((one) => one.second)), 'or');
  return {
    key: `state:reset:${member}`,
    sentence: `An event resets what it is not about: ${article(types)} ${types} event that follows \`${first}\` of the same lead changes \`${member}\` (${actual}), one after the other.`,
    fix: 'Change only the columns that the event is about: `INSERT … ON CONFLICT (email) DO UPDATE SET sentiment = excluded.sentiment`. `INSERT OR REPLACE`, `REPLACE INTO` and a new object in place of the stored one set all others to their defaults.',
  };
};

const CHANGES_STATUS: readonly EventType[] = [
  'email.opened',
  'email.replied',
  'email.bounced',
  'email.unsubscribed',
];

/** domain/unsub-wins is about these: what it finds is not found twice. */
const isOfUnsubscribes = ({ second, members }: WrongState): boolean =>
  CHANGES_STATUS.includes(second) &&
  (members.includes('unsubscribed') || members.includes('suppressed'));

/** Without those that have the cause of a finding of domain/unsub-wins. */
export const notOfUnsubscribes = <T extends WrongState>(wrong: readonly T[]): readonly T[] => {
  const owned = new Set(wrong.filter(isOfUnsubscribes).flatMap(({ members }) => members));
  return wrong.filter(({ members }) => !members.every((member) => owned.has(member)));
};
