/**
 * Names the cause that a shortest history shows: its first sentence is the diagnosis of the finding.
 *
 * @module
 */
import type { NamedCause } from '../experiments/known-causes.ts';
import { describeSurplus } from '../diagnosis/surplus.ts';
import { describeReply } from '../verdict.ts';
import { describePart, describeStep } from './describe.ts';
import type { Played } from './play.ts';
import { FIX } from './remedies.ts';
import { partsOf, type History, type Part, type Step } from './step.ts';
import type { Violation, ViolationKind } from './violations.ts';

/** A violation and the shortest history that shows it. */
export interface Shown {
  readonly played: Played;
  readonly violation: Violation;
  /** All violations of the same kind in that history. */
  readonly alike: number;
}

const isOnKept = (step: Step | undefined): boolean =>
  step !== undefined && 'path' in step && step.path === 'kept';

const kindsOf = (parts: readonly Part[]): string => parts.map(({ kind }) => kind).join('+');

/** Compact and stable, such as `forgery@kept,event@kept`. */
const shapeOf = (history: History): string =>
  history
    .map((step) =>
      step.kind === 'together'
        ? `together(${kindsOf(step.parts)})`
        : step.kind + (isOnKept(step) ? '@kept' : ''),
    )
    .join(',');

const leadsOf = (parts: readonly Part[]): readonly number[] =>
  parts.flatMap((part) => (part.kind === 'event' ? [part.lead] : []));

const isOneLead = (parts: readonly Part[]): boolean => {
  const leads = leadsOf(parts);
  return leads.length > 1 && new Set(leads).size === 1;
};

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

/** What came before, in words: "a forged email.replied without a signature". */
const aftermath = (steps: History): string =>
  steps
    // A repeat implies the event that it repeats.
    .filter((step, place) => step.kind !== 'event' || steps[place + 1]?.kind !== 'repeat')
    .map((step) => ('path' in step ? describePart(step) : describeStep(step)))
    .join(', then ')
    .replaceAll('a repeat of the latest event', 'a repeat of an event')
    .replace('a repeat of an event, then a repeat of an event', 'two repeats of an event');

const OUTCOMES: Readonly<Record<ViolationKind, (shown: Shown) => string>> = {
  forged: () => 'takes effect',
  refused: ({ violation }) => `is refused (${describeReply(violation.sent.exchange.reply)})`,
  doubled: ({ violation }) => `takes effect ${violation.count} times`,
  lost: () => 'is accepted but has no effect',
  state: ({ violation }) => `leaves a wrong state (${violation.actual})`,
};

/** With shared state, two requests are enough. */
const MANY = 5;

/** Requests at the same moment. */
const simultaneous = (shown: Shown, parts: readonly Part[]): Omit<NamedCause, 'key'> => {
  const { kind } = shown.violation;
  const count = parts.length;
  const hasRepeat = parts.some((part) => part.kind === 'repeat');
  if (kind === 'lost' && hasRepeat) {
    return {
      sentence:
        'An event that arrives beside a repeat of another event is lost: the repeat rolls back the batch or transaction that both share.',
      fix: FIX.batch,
    };
  }
  if (kind === 'refused' && hasRepeat) {
    return {
      sentence: `A valid event that arrives beside a repeat of another event is refused (${describeReply(shown.violation.sent.exchange.reply)}): the repeat leaves a lock or an aborted transaction to it.`,
      fix: FIX.leftover,
    };
  }
  if (kind === 'doubled' && !hasRepeat) {
    return {
      sentence: `Of ${number(count)} events that arrive at the same moment, each sent once, one takes effect ${shown.violation.count} times: two workers take the same event from the queue, or one request processes the event of another.`,
      fix: FIX.claim,
    };
  }
  if (kind === 'doubled') {
    return {
      sentence: `An event takes effect ${shown.violation.count} times only when requests arrive at the same moment: the id is looked up before another request has stored it.`,
      fix: FIX.race,
    };
  }
  if (kind === 'forged') {
    return {
      sentence:
        'A forged request that arrives at the same moment as valid events takes effect: requests share the result of the verification.',
      fix: FIX.shared,
    };
  }
  if (isOneLead(parts)) {
    const outcome = {
      state: `one update is lost (${shown.violation.actual}), because the lead is read, changed and written back as a whole`,
      lost: 'one of them is accepted but has no effect',
      refused: `one of them is refused (${describeReply(shown.violation.sent.exchange.reply)})`,
    }[kind];
    return {
      sentence: `${capital(number(count))} simultaneous events of one lead: ${outcome}.`,
      fix: FIX.lead,
    };
  }
  if (count >= MANY && (kind === 'lost' || kind === 'refused')) {
    const outcome =
      kind === 'lost'
        ? 'accepted events have no effect: a pool or queue drops what does not fit'
        : `valid events are refused (${describeReply(shown.violation.sent.exchange.reply)}): a limit on simultaneous requests answers with an error in place of 503`;
    return {
      sentence: `When more than ${number(count - 1)} requests arrive at the same moment, ${outcome}.`,
      fix: FIX.queue,
    };
  }
  const what = {
    refused: `valid events are refused (${describeReply(shown.violation.sent.exchange.reply)})`,
    lost: 'accepted events have no effect',
    state: `the update of a lead is lost or lands on another one (${shown.violation.actual})`,
  }[kind];
  return {
    sentence: `When ${number(count)} requests arrive at the same moment, ${what}: requests that run at the same time share a variable, buffer or connection.`,
    fix: FIX.shared,
  };
};

const NUMBERS = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight'];
const number = (count: number): string => NUMBERS[count] ?? String(count);

const inBurst = (shown: Shown, count: number): Omit<NamedCause, 'key'> => {
  const { alike, violation } = shown;
  if (violation.kind === 'lost') {
    return {
      sentence: `In a burst of ${count} events, ${alike} are accepted and lost, though none of a few at the same time is: a queue, buffer or pool drops what does not fit when it is full (about ${count - alike} fit), or a lock or connection that many wait for is given up.`,
      fix: FIX.queue,
    };
  }
  if (violation.kind === 'doubled') {
    return {
      sentence: `In a burst of ${count} events, each sent once, ${alike} take effect more than once: two workers take the same event from the queue, because a claim is not atomic, or a lease or visibility timeout ends before the work on a batch is done.`,
      fix: FIX.claim,
    };
  }
  return {
    sentence: `In a burst of ${count} events at the same time, ${alike} valid events are refused (${describeReply(violation.sent.exchange.reply)}); one at a time they are not.`,
    fix: FIX.shared,
  };
};

/** Whether another event has failed, and not the one that is wrong. */
const isOtherFailed = ({ violation: { sent }, played: { history, sent: all } }: Shown): boolean => {
  const failed = all.filter(({ step }) => history[step]?.kind === 'failed try');
  return failed.length > 0 && failed.every(({ event }) => event?.id !== sent.event?.id);
};

const afterOtherFailed = (
  { violation: { count } }: Shown,
  before: History,
): Omit<NamedCause, 'key'> => {
  const failed = before.findIndex(({ kind }) => kind === 'failed try');
  const isEarlier = before.slice(0, failed).some(({ kind }) => kind === 'event');
  return {
    sentence: isEarlier
      ? `A repeat of an event that was processed before takes effect again (${count ?? 2} effects) once the processing of another event has failed: the failure throws away the ids that are remembered, as with a session, a connection or a cache that is replaced.`
      : `A repeat of the event that comes after the failure of another one takes effect again (${count ?? 2} effects): what the failure leaves behind keeps the id of the next event from being remembered.`,
    fix: FIX.dedupe,
  };
};

/** An event that arrived at the same moment as another request, and is repeated later. */
const besideOthers = (parts: readonly Part[], count: number): Omit<NamedCause, 'key'> => {
  const hasRepeat = parts.some(({ kind }) => kind === 'repeat');
  return {
    sentence: `An event that arrives at the same moment as ${hasRepeat ? 'a repeat of another event' : 'another request'} is not remembered, and its own repeat takes effect again (${count} effects; not when they arrive one after the other): requests share a transaction or a connection, and ${hasRepeat ? 'the rollback of the repeat' : 'one of them'} undoes what the other has stored.`,
    fix: `Give every request a connection and a transaction of its own. ${FIX.dedupe}`,
  };
};

const doubledAfter = (shown: Shown, before: History, last: Step): Omit<NamedCause, 'key'> => {
  const count = shown.violation.count ?? 2;
  const restarted = before.some(({ kind }) => kind === 'restart') || last.kind === 'restart';
  const paused = [...before].findLast((step) => step.kind === 'pause');
  if (restarted && shown.violation.sent.role === 'event') {
    return {
      sentence:
        'After a restart, events that were processed before take effect again, without a repeat: the inbox or queue is taken up again from its beginning at start.',
      fix: FIX.start,
    };
  }
  if (isOtherFailed(shown)) return afterOtherFailed(shown, before);
  const failed = before.findIndex(({ kind }) => kind === 'failed try');
  if (failed >= 0 && before.slice(failed).some(({ kind }) => kind === 'repeat')) {
    return {
      sentence: `When the first try of an event fails and its retry succeeds, a further repeat takes effect again (${count} effects): what the failure leaves behind keeps the id from being remembered.`,
      fix: FIX.dedupe,
    };
  }
  if (failed >= 0) {
    return {
      sentence: `An event takes effect ${count} times when its first try failed: the first of several steps is done again by the retry.`,
      fix: FIX.steps,
    };
  }
  const crowd = before.findLast((step) => step.kind === 'together');
  if (last.kind === 'repeat' && crowd !== undefined && crowd.parts.length > 1) {
    return besideOthers(crowd.parts, count);
  }
  if (last.kind === 'repeat') {
    if (restarted) {
      return {
        sentence: 'A repeat after a restart takes effect again: ids are kept in memory.',
        fix: FIX.workers,
      };
    }
    if (paused !== undefined) {
      return {
        sentence: `A repeat takes effect again after ${paused.ms / 1000} s: ids expire too early.`,
        fix: FIX.dedupe,
      };
    }
    const between = before.filter(({ kind }) => kind === 'forgery' || kind === 'malformed');
    if (between.length > 0) {
      return {
        sentence: `A repeat of an event that was processed before takes effect again (${count} effects) once another request has arrived in between, ${aftermath(between)}: that request makes the receiver forget the ids that it remembers.`,
        fix: FIX.dedupe,
      };
    }
    if (last.path === 'fresh' && before.some(isOnKept)) {
      return {
        sentence:
          'A repeat takes effect again when it arrives on another connection, and not on the same one: each worker process or connection keeps its own set of ids.',
        fix: FIX.workers,
      };
    }
    return {
      sentence: 'A repeat takes effect again: processed ids are not remembered.',
      fix: FIX.dedupe,
    };
  }
  return { sentence: `Every accepted event takes effect ${count} times.`, fix: FIX.dedupe };
};

/** The state is wrong although the event has its effect. */
const afterFailure = ({ violation }: Shown): Omit<NamedCause, 'key'> => ({
  sentence: `When the first try of an event fails, the state of its lead stays wrong (${violation.actual}), though the retry is accepted and has its effect: something of the failed try outlives its rollback, such as an entry in a cache.`,
  fix: 'Fill caches only after the transaction is committed, or drop what the failed try has put there.',
});

const afterOthers = (shown: Shown, before: History, last: Step): Omit<NamedCause, 'key'> => {
  if (shown.violation.kind === 'state' && before.some(({ kind }) => kind === 'failed try')) {
    return afterFailure(shown);
  }
  const outcome = OUTCOMES[shown.violation.kind](shown);
  const hasFailed = before.some(({ kind }) => kind === 'failed try');
  if (shown.violation.kind === 'lost' && hasFailed && last.kind === 'repeat' && last.back > 0) {
    return {
      sentence:
        'The retry of an event whose first try failed is taken for a repeat and lost once another event has been processed in between: the id of the failed event is remembered together with that of the next one.',
      fix: FIX.dedupe,
    };
  }
  if (shown.violation.kind === 'lost' && shown.violation.sent.role === 'repeat') {
    return {
      sentence:
        'An event is lost when its repeat follows at once: the repeat rolls back the batch or transaction that holds the event.',
      fix: FIX.batch,
    };
  }
  const earlier = before.at(-1);
  if (last.kind === 'event' && earlier?.kind === 'event' && earlier.lead === last.lead) {
    return {
      sentence: `The second of two events of one lead ${outcome} when it follows the first at once: a lock, a throttle or a unique key by lead takes it for a repeat.`,
      fix: FIX.byLead,
    };
  }
  if (before.length === 0)
    return { sentence: `A plain valid event ${outcome}.`, fix: FIX.leftover };
  const prior = before.at(-1);
  const onSame = isOnKept(last) && isOnKept(prior);
  const { reply } = shown.violation.sent.exchange;
  if (onSame && reply.kind === 'none' && reply.cause === 'invalid_response') {
    return {
      sentence:
        'A response is followed by further bytes on a connection that is kept open, and the sender takes them for the beginning of the next response: a body with a status that has none, such as 204, or one that is longer than its Content-Length.',
      fix: 'Send no body with 204, 205 or 304; let the framework compute Content-Length.',
    };
  }
  if (onSame && (prior?.kind === 'forgery' || prior?.kind === 'malformed')) {
    return {
      sentence: `After ${aftermath(before)}, the next valid event on the same connection ${outcome}: the body of the refused request was left unread or its state was kept on the connection.`,
      fix: FIX.connection,
    };
  }
  if (onSame && prior?.kind === 'event') {
    return {
      sentence: `The next valid event on the same connection ${outcome}: something of the first one is kept with the connection, such as a signature, a buffer or a parser.`,
      fix: FIX.connection,
    };
  }
  const where = onSame ? ' on the same connection' : '';
  return {
    sentence: `After ${aftermath(before)}, the next valid event${where} ${outcome}: something of the earlier request is left over, such as an open transaction, a lock or shared state.`,
    fix: FIX.leftover,
  };
};

const forgedAlone = ({ violation, played }: Shown, last: Step): Omit<NamedCause, 'key'> => ({
  sentence: `${capital('path' in last ? describePart(last) : 'a forged request')} takes effect although it is answered ${describeReply(violation.sent.exchange.reply)}${played.history.length > 1 ? `, after ${aftermath(played.history.slice(0, -1))}` : ''}.`,
  fix: FIX.verify,
});

/** What is left of the response before it on the connection that the history keeps. */
const surplusIn = ({ violation: { sent }, played: { history, sent: all } }: Shown) => {
  const isKept = (step: number): boolean => isOnKept(history[step]);
  if (!isKept(sent.step)) return null;
  const before = all.findLast(({ step }) => step < sent.step && isKept(step));
  return describeSurplus(before?.exchange.reply, sent.exchange.reply);
};

export const causeOf = (shown: Shown): NamedCause => {
  const surplus = surplusIn(shown);
  if (surplus !== null) return surplus;
  const { violation, played } = shown;
  const { history } = played;
  const at = violation.sent.step;
  const last = history.at(-1)!;
  const before = history.slice(0, -1);
  const key = `sequence:${violation.kind}:${shapeOf(history)}`;
  const step = history[at] ?? last;
  if (violation.kind === 'doubled' && step.kind !== 'together' && step.kind !== 'burst') {
    return { key, ...doubledAfter(shown, before, last) };
  }
  if (step.kind === 'burst') return { key: key.replace(/\d+/, ''), ...inBurst(shown, step.count) };
  if (step.kind === 'together' && partsOf(step).length > 1) {
    return { key, ...simultaneous(shown, partsOf(step)) };
  }
  if (violation.kind === 'forged') return { key, ...forgedAlone(shown, last) };
  return { key, ...afterOthers(shown, before, last) };
};
