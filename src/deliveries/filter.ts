/**
 * The filter language: `status:dead event:email.* lead:sarah@ is:forged attempts>2 "free text" -webhook:whk_1`.
 * Terms are joined by "and"; a minus negates one; `a,b` within a term is "or"; `*` is a wildcard.
 *
 * @module
 */
import { EVENT_TYPES } from '../../schemas/contract.ts';
import type { DeliveryQuery, ListedDelivery } from '../../schemas/sandbox.ts';
import { matchesGlob } from '../domain/glob.ts';
import { isForged, reasonOf } from './reason.ts';

/** A key of the language, for help and completion. */
export interface FilterKey {
  readonly key: string;
  readonly help: string;
  readonly values: readonly string[];
}

const STATUSES = [
  'pending',
  'in_flight',
  'delivered',
  'dead',
  'acknowledged',
  'cancelled',
] as const;
const IS = ['forged', 'redelivery', 'failed', 'open', 'faulty'];

export const FILTER_KEYS: readonly FilterKey[] = [
  { key: 'status', help: 'state of the delivery', values: STATUSES },
  { key: 'event', help: 'event type; email.* for all e-mails', values: EVENT_TYPES },
  { key: 'lead', help: 'part of the lead’s address', values: [] },
  { key: 'why', help: 'cause of the latest failure: 401, refused, timeout', values: [] },
  { key: 'webhook', help: 'id or part of the URL', values: [] },
  { key: 'id', help: 'part of a delivery’s or an event’s id', values: [] },
  { key: 'is', help: 'forged, redelivery, failed, open (not settled), faulty', values: IS },
  {
    key: 'attempts',
    help: 'number made: attempts>2, attempts:0',
    values: ['>0', '>1', '>2', '>3'],
  },
];

export interface Term {
  readonly key: string;
  readonly op: ':' | '>' | '<' | '>=' | '<=' | '=';
  readonly values: readonly string[];
  readonly isNegated: boolean;
}

export interface Filter {
  readonly terms: readonly Term[];
  /** What cannot be understood, with the remedy; empty if everything can. */
  readonly problems: readonly string[];
  /** The part of the text that can be understood. */
  readonly text: string;
}

/** A word, or words in quotes: white space within them does not end it. */
const WORD = /(?:[^\s"]|"[^"]*(?:"|$))+/g;
const TOKEN = /(-?)(?:([a-z]+)(:|>=|<=|>|<|=))?(?:"([^"]*)"?|(\S+))/giy;
const ALIASES: Readonly<Record<string, string>> = {
  attempt: 'attempts',
  type: 'event',
  url: 'webhook',
};

const problemOf = ({ key, op, values }: Term): string | null => {
  const known = FILTER_KEYS.find((one) => one.key === key);
  if (known === undefined) {
    return `Unknown key "${key}". Known keys: ${FILTER_KEYS.map((one) => one.key).join(', ')}.`;
  }
  if (key === 'attempts') {
    return values.every((value) => /^\d+$/.test(value))
      ? null
      : 'attempts needs a number: attempts>2.';
  }
  if (op !== ':' && op !== '=') return `${key} cannot be compared. Write ${key}:value.`;
  const odd =
    key === 'status' || key === 'is'
      ? values.find((value) => !value.includes('*') && !known.values.includes(value))
      : undefined;
  return odd === undefined
    ? null
    : `Unknown value "${odd}" of ${key}. Known values: ${known.values.join(', ')}.`;
};

/** Never throws: a filter that is being typed is incomplete most of the time. */
export const parseFilter = (text: string): Filter => {
  const terms: Term[] = [];
  const problems: string[] = [];
  const understood: string[] = [];
  for (const [token] of text.matchAll(WORD)) {
    TOKEN.lastIndex = 0;
    const match = TOKEN.exec(token);
    if (match === null) continue;
    const [, minus, name, op = ':', quoted, plain = ''] = match;
    const written = name?.toLowerCase();
    const key = written === undefined ? 'text' : (ALIASES[written] ?? written);
    const value = quoted ?? plain;
    // Free text may contain commas.
    const values = key === 'text' ? [value] : value.split(',').filter((one) => one !== '');
    if (values.length === 0 || value === '') continue;
    const term: Term = {
      key,
      op: op as Term['op'],
      values: values.map((one) => one.toLowerCase()),
      isNegated: minus === '-',
    };
    const problem = key === 'text' ? null : problemOf(term);
    if (problem === null) {
      terms.push(term);
      understood.push(token);
    } else problems.push(problem);
  }
  return { terms, problems, text: understood.join(' ') };
};

const within = (pattern: string, text: string): boolean =>
  pattern.includes('*') ? matchesGlob(`*${pattern}*`, text) : text.includes(pattern);

const isOpen = (status: string): boolean => status === 'pending' || status === 'in_flight';

const isTrue = (delivery: ListedDelivery, word: string): boolean => {
  const { last_outcome: outcome, last_fault: fault, signature_mode: signature } = delivery;
  if (word === 'redelivery') return delivery.redelivery_of !== null;
  if (word === 'forged') return isForged(fault, signature);
  if (word === 'failed') return outcome !== null && outcome !== 'delivered';
  if (word === 'faulty') return fault !== null;
  return isOpen(delivery.status);
};

const compare = (left: number, op: Term['op'], right: number): boolean => {
  if (op === '>') return left > right;
  if (op === '<') return left < right;
  if (op === '>=') return left >= right;
  if (op === '<=') return left <= right;
  return left === right;
};

const matchesValue = (delivery: ListedDelivery, { key, op }: Term, value: string): boolean => {
  const lead = delivery.lead_email ?? '';
  if (key === 'status') return matchesGlob(value, delivery.status);
  if (key === 'event') return matchesGlob(value, delivery.event);
  if (key === 'lead') return within(value, lead.toLowerCase());
  if (key === 'webhook')
    return within(value, `${delivery.webhook_id} ${delivery.url}`.toLowerCase());
  if (key === 'id') return within(value, `${delivery.id} ${delivery.event_id}`.toLowerCase());
  if (key === 'why') {
    return within(value, `${reasonOf(delivery)} ${delivery.last_outcome ?? ''}`.toLowerCase());
  }
  if (key === 'is') return isTrue(delivery, value);
  if (key === 'attempts') return compare(delivery.attempts_made, op, Number(value));
  const all = `${delivery.id} ${delivery.event_id} ${delivery.event} ${delivery.status} ${delivery.url} ${lead} ${reasonOf(delivery)} ${delivery.last_error ?? ''}`;
  return within(value, all.toLowerCase());
};

/** True if every term matches. */
export const matches = ({ terms }: Pick<Filter, 'terms'>, delivery: ListedDelivery): boolean =>
  terms.every(
    (term) => term.values.some((value) => matchesValue(delivery, term, value)) !== term.isNegated,
  );

/** The part of the filter that a store can look up, so that `status:dead` finds few among 100,000 at once. */
export const indexedPart = ({ terms }: Filter): Pick<DeliveryQuery, 'status' | 'event'> => {
  const exact = <T extends string>(key: string, known: readonly T[]): T | undefined => {
    const term = terms.find((one) => one.key === key && !one.isNegated && one.values.length === 1);
    return known.find((one) => one === term?.values[0]);
  };
  return { status: exact('status', STATUSES), event: exact('event', EVENT_TYPES) };
};

export interface Suggestion {
  /** The whole text after the suggestion is accepted. */
  readonly text: string;
  readonly label: string;
  readonly help: string;
}

/** Completions of the last word. */
export const suggest = (text: string): readonly Suggestion[] => {
  const start = text.search(/(?<!\S)\S*$/);
  const [, minus = '', word = ''] = /^(-?)(.*)$/s.exec(text.slice(start)) ?? [];
  const at = word.indexOf(':');
  const before = `${text.slice(0, start)}${minus}`;
  if (at === -1) {
    return FILTER_KEYS.filter(({ key }) => key.startsWith(word.toLowerCase())).map(
      ({ key, help }) => ({ text: `${before}${key}:`, label: `${key}:`, help }),
    );
  }
  const known = FILTER_KEYS.find(({ key }) => key === word.slice(0, at));
  const typed = word.slice(at + 1).toLowerCase();
  return (known?.values ?? [])
    .filter((value) => value.startsWith(typed) && value !== typed)
    .map((value) => ({
      text: `${before}${known?.key}${/^[<>]/.test(value) ? '' : ':'}${value} `,
      label: value,
      help: known?.key ?? '',
    }));
};
