/**
 * A history in words: numbered steps, each with its answer.
 *
 * @module
 */
import { describeReply } from '../verdict.ts';
import type { Played } from './play.ts';
import type { Part, Path, Step } from './step.ts';

const FORMS: Readonly<Record<string, string>> = {
  unsigned: 'without a signature',
  'wrong digest': 'with a wrong signature',
  'malformed signature': 'with a malformed signature',
  'other key': 'signed with another key',
};

const leadName = (lead: number): string => `lead ${lead + 1}`;

/** "a valid email.opened of lead 1", "a repeat of the event before it". */
export const describePart = (part: Part): string => {
  switch (part.kind) {
    case 'event':
      return `a valid ${part.type} of ${leadName(part.lead)}`;
    case 'repeat':
      return part.back === 0 ? 'a repeat of the latest event' : `a repeat of an earlier event`;
    case 'forgery':
      return `a forged ${part.type} ${FORMS[part.form]}`;
    case 'malformed':
      return part.form === 'not JSON'
        ? 'a body that is not JSON, with a wrong signature'
        : part.form === 'signed, not JSON'
          ? 'a correctly signed body that is not JSON'
          : 'a correctly signed event without `data`';
  }
};

const PATHS: Readonly<Record<Path, string>> = {
  kept: 'on the kept connection',
  fresh: 'on a connection of its own',
};

export const describeStep = (step: Step): string => {
  switch (step.kind) {
    case 'together':
      return `at the same moment: ${step.parts.map(describePart).join(' + ')}`;
    case 'burst':
      return `a burst of ${step.count} valid ${step.type} events`;
    case 'failed try':
      return 'a valid event while the system behind the receiver fails';
    case 'pause':
      return `a pause of ${step.ms / 1000} s`;
    case 'restart':
      return 'a restart of the receiver';
    default:
      return `${describePart(step)} ${PATHS[step.path]}`;
  }
};

/** The distinct answers of a step, such as "200 in 3 ms" or "148 × 200, 2 × 500". */
const describeAnswers = ({ sent }: Played, step: number): string => {
  const replies = sent.filter((one) => one.step === step).map(({ exchange }) => exchange.reply);
  if (replies.length === 0) return '';
  if (replies.length <= 4) return ` → ${replies.map(describeReply).join(' and ')}`;
  const counts = new Map<string, number>();
  for (const reply of replies) {
    const word = reply.kind === 'answer' ? String(reply.status) : reply.message;
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return ` → ${[...counts].map(([word, count]) => `${count} × ${word}`).join(', ')}`;
};

/** "1. a valid email.opened … → 200 in 2 ms; 2. …". */
export const describeHistory = (played: Played): string =>
  played.history
    .map((step, place) => `${place + 1}. ${describeStep(step)}${describeAnswers(played, place)}`)
    .join('; ');
