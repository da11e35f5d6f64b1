/**
 * Causes in words: what the receiver does with which events, and what shows it.
 *
 * @module
 */
import type { Level } from '../check.ts';
import { valueAt } from '../explore/case.ts';
import type { Field } from '../explore/fields.ts';
import type { Exchange } from '../net/exchange.ts';
import type { Decided } from './field-probe.ts';
import type { Flaw } from './trial.ts';
import type { Where } from './where.ts';
import { answerText } from './answer-text.ts';

export const DOES: Readonly<Record<Flaw, string>> = {
  refused: 'Refuses',
  lost: 'Answers 2xx and does nothing for',
  doubled: 'Processes twice',
};

export const quoted = (field: Field): string =>
  field.meaning === 'member' || field.meaning === 'order' ? field.name : `\`${field.name}\``;

export const showValue = (value: unknown): string => {
  const written = JSON.stringify(value) ?? 'absent';
  return written.length > 60 ? `${written.slice(0, 57)}… (${written.length} characters)` : written;
};

export interface Scope {
  /** Names of the fields in which it decides. */
  readonly fields: readonly string[];
  /** The only types where it does; null where it does in all that have the field. */
  readonly types: readonly string[] | null;
}

export const list = (names: readonly string[], word: string): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} ${word} ${names.at(-1)!}`;

const subject = ({ types }: Scope, exceptions: number): string => {
  const every = exceptions === 0 ? 'every' : 'some';
  const event = exceptions === 0 ? 'event' : 'events';
  if (types === null) return `${every} ${event}`;
  return types.length === 1
    ? `${every} \`${types[0]}\` ${event}`
    : `every ${list(
        types.map((type) => `\`${type}\``),
        'and',
      )} event`;
};

export const causeOf = (
  flaw: Flaw,
  field: Field,
  scope: Scope,
  { hypothesis, exceptions }: Decided,
): string => {
  const what = subject(scope, exceptions);
  if (field.meaning === 'member')
    return `${DOES[flaw]} ${what} with ${field.name}${hypothesis.name === 'new-any' ? '' : ` that ${hypothesis.phrase}`}.`;
  if (field.meaning === 'order')
    return `${DOES[flaw]} ${what} whose members stand in another order (${hypothesis.phrase.replace(/^is /, '')}).`;
  if (hypothesis.name === 'body-bytes')
    return `${DOES[flaw]} ${what} whose body is ${hypothesis.phrase.replace('makes the body ', '')}.`;
  return `${DOES[flaw]} ${what} whose ${list(scope.fields, 'or')} ${hypothesis.phrase}.`;
};

const FIXES: Readonly<Record<Flaw, string>> = {
  refused:
    'Accept the event: the contract allows this value. Read the value as it is, and answer 2xx.',
  lost: 'Process the event: the contract allows this value. Do not skip an event for a value that you do not expect.',
  doubled: 'Store the id of each event and its effect in one transaction.',
};

/** Where no check knows better. */
export const GENERAL_FIX =
  'Accept the event: one that does not get a 2xx is sent four times and becomes a dead letter.';

/** @returns null for a value that the contract does not have today: the check that sends it knows what to do about it */
export const fixOf = (flaw: Flaw, level: Level): string | null =>
  level === 'MUST' || flaw === 'doubled' ? FIXES[flaw] : null;

export const evidenceOf = (
  { flaw, control: accepted }: { readonly flaw: Flaw; readonly control: Exchange },
  field: Field,
  decided: Decided,
  where: Where | null,
): string => {
  const { minimal, value } = decided;
  const { request } = accepted;
  let plain: unknown;
  try {
    plain = valueAt(JSON.parse(Buffer.from(request.body).toString('utf8')), field.path);
  } catch {
    plain = undefined;
  }
  const outcome =
    flaw === 'refused'
      ? `is answered ${answerText(minimal.exchange.reply)}`
      : `is answered ${answerText(minimal.exchange.reply)} and has ${flaw === 'lost' ? 'no effect' : 'several effects'}`;
  const difference =
    field.meaning === 'order'
      ? 'A plain event with its members in that order'
      : `A plain \`${minimal.event.event}\` event with ${quoted(field)} ${showValue(value)}`;
  const control = `the same event with ${field.meaning === 'order' || field.meaning === 'member' ? 'nothing changed' : showValue(plain)} is answered ${answerText(accepted.reply)}`;
  return [`${difference} ${outcome}; ${control}.`, where?.evidence ?? ''].join(' ').trim();
};
