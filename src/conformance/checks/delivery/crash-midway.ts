/**
 * The receiver is killed while it processes an event, and the provider retries the event.
 *
 * @module
 */
import { knownCause, LOST_WITH_SENDER, rememberCause } from '../../experiments/known-causes.ts';
import { explainRefusal, failRefused } from '../../experiments/explain-refusal.ts';
import { isRefusedEvent } from '../../experiments/trial.ts';
import { defineCheck, type Verdict } from '../../check.ts';
import { deliver, effectsOf, settleBehind, times } from '../../judge/deliver.ts';
import { FORGETFUL, hookForgets } from '../../judge/forgetful-hook.ts';
import { secondaryType } from '../../judge/interests.ts';
import { sleep } from '../../hooks/hooks.ts';
import type { Exchange } from '../../net/exchange.ts';
import type { Event } from '../../probe/event-maker.ts';
import type { Probe } from '../../probe/probe.ts';
import { restart } from '../../judge/restart.ts';
import { fail, isAccepted, notTested, pass, describeReply } from '../../verdict.ts';

/** Events at the same moment, before the kill. */
const EVENTS = 5;
/** Delays before the kill: long enough for these events to arrive, short enough to interrupt their processing; the second one is for a slow machine. */
const KILLS_AFTER_MS = [30, 150];
/** The command that kills needs an unknown time, so further events follow until one has no response. */
const MORE_EVENTS = 40;
const APART_MS = 4;
/** For another start of a receiver that refuses everything. Milliseconds. */
const AGAIN_AFTER_MS = 3000;
const CONTROLS = 2;

interface Killed {
  readonly events: readonly Event[];
  /** Their responses before the kill. */
  readonly answered: readonly Exchange[];
  /** The first event after the restart. */
  readonly back: Exchange;
}

/** Kill the receiver while events arrive. */
const killAmidst = async (probe: Probe, afterMs: number): Promise<Killed> => {
  const type = await secondaryType(probe);
  const events: Event[] = [];
  const sending: Promise<Exchange>[] = [];
  let isKilled = false;
  const send = async (event: Event): Promise<Exchange> => {
    const exchange = await probe.post(event);
    isKilled ||= exchange.reply.kind === 'none';
    return exchange;
  };
  const add = (): void => {
    const event = probe.event(type);
    events.push(event);
    sending.push(send(event));
  };
  for (let sent = 0; sent < EVENTS; sent += 1) add();
  await sleep(probe.wall, afterMs);
  const restarting = restart(probe);
  const most = probe.isSlow() ? EVENTS : EVENTS + MORE_EVENTS;
  while (!isKilled && events.length < most) {
    await sleep(probe.wall, APART_MS);
    add();
  }
  return { events, back: await restarting, answered: await Promise.all(sending) };
};

/** What a kill leaves behind. */
const STAYS =
  'a lock file, a mark in a table or a lease that names the killed process stays, and nothing removes it';
const FIX_STAYS =
  'Use locks that end with their process (flock, an advisory lock of the database, a lease that expires), and remove at start what an earlier process has left.';

/** Refused after the kill: whether it still is after another restart, while nothing is being processed. */
const judgeGone = async (probe: Probe, back: Exchange): Promise<Verdict> => {
  const unavailable = notTested(
    `The receiver is not available after the restart: ${describeReply(back.reply)}.`,
  );
  // That a restart alone does no harm is known by then.
  if (back.reply.kind === 'none') return unavailable;
  await probe.hooks.restart?.();
  await sleep(probe.wall, AGAIN_AFTER_MS);
  const again = await probe.post(probe.event());
  if (isAccepted(again)) return unavailable;
  const cause = {
    key: 'refused:after-kill',
    sentence: `Once its process was killed while it processed events, the receiver refuses every event after the restart (${describeReply(again.reply)}), and after another one: ${STAYS}.`,
    fix: FIX_STAYS,
  };
  rememberCause(probe, 'refused', cause);
  return fail({
    key: cause.key,
    symptom: 'refused',
    expected: ['a 2xx after the restart, as after one while nothing was processed'],
    actual: `${describeReply(again.reply)} for every event after a kill while events were processed, and after another restart`,
    diagnosis: cause.sentence,
    fix: cause.fix,
    exchanges: [again],
  });
};

/** Whether events that are sent after the restart have no effect either. */
const loseAll = async (probe: Probe): Promise<boolean> => {
  for (let sent = 0; sent < CONTROLS; sent += 1) {
    const event = probe.event();
    const isTaken = isAccepted(await deliver(probe, event));
    if (!isTaken || (await effectsOf(probe).settled(event.id, 1)) > 0) return false;
  }
  return true;
};

const judge = async (probe: Probe, { events, back }: Killed): Promise<Verdict> => {
  if (!isAccepted(back)) return judgeGone(probe, back);
  const again = await Promise.all(events.map((event) => deliver(probe, event)));
  const refused = again.find(isRefusedEvent);
  const explanation = refused === undefined ? null : await explainRefusal(probe, refused);
  if (refused !== undefined && explanation !== null) return failRefused(refused, explanation);
  await settleBehind(probe);
  const effects = effectsOf(probe);
  const counts = await Promise.all(events.map(({ id }) => effects.settled(id, 1)));
  const wrong = counts.filter((count) => count !== 1);
  if (wrong.length === 0) {
    return pass('weak evidence: the kill may have missed the critical moment');
  }
  // An event processed before the kill is correctly not processed again, and a hook that forgot it counts 0.
  if (wrong.includes(0) && (await hookForgets(probe))) return notTested(FORGETFUL);
  if (wrong.includes(0) && knownCause(probe, 'lost')?.key === LOST_WITH_SENDER) {
    return notTested(
      'The kill closes connections, and what their senders sent is lost: see delivery/sender-gives-up.',
    );
  }
  if (wrong.includes(0) && (await loseAll(probe))) {
    const cause = {
      key: 'lost:after-kill',
      sentence: `Once its process was killed while it processed events, the receiver accepts every event after the restart and processes none: ${STAYS}.`,
      fix: FIX_STAYS,
    };
    rememberCause(probe, 'lost', cause);
    return fail({
      key: cause.key,
      symptom: 'lost',
      expected: ['one effect of every event after the restart'],
      actual: 'no effect of any event after a kill while events were processed and a restart',
      diagnosis: cause.sentence,
      fix: cause.fix,
    });
  }
  return fail({
    symptom: wrong.includes(0) ? 'lost' : 'doubled',
    expected: ['one effect per event'],
    actual: `${wrong.length} of ${events.length} events around a restart, all sent again after it: ${[...new Set(wrong)].map(times).join(', ')}`,
  });
};

export const check = defineCheck({
  id: 'delivery/crash-midway',
  level: 'MUST',
  title: 'Processes an event once when killed midway and the event is retried',
  requirement: {
    text: 'An event without a response is retried with the same id; use it to deduplicate (network retries, server restarts)',
    source: 'guide, "Step 3: Handle retries" and "Error handling best practices: Idempotency"',
  },
  cause:
    'Marking the event as processed and applying its effect are separate steps: a crash in between processes it twice (effect first) or loses it (mark first).',
  fix: 'Write both in one transaction, or make the effect an upsert keyed by the event id.',
  catches: [
    'delivery-effect-before-mark',
    'delivery-mark-before-effect',
    'delivery-lock-outlives-process',
  ],
  stage: 'disturbing',
  needs: ['effects', 'restart'],
  after: ['delivery/dup-seq', 'delivery/dedupe-volatile', 'delivery/sender-gives-up'],
  run: async (probe) => {
    let verdict: Verdict = pass();
    for (const ms of KILLS_AFTER_MS) {
      const killed = await killAmidst(probe, ms);
      verdict = await judge(probe, killed);
      // If these responses arrived before the kill, a later kill would not interrupt them either.
      const wasQuick = killed.answered.slice(0, EVENTS).every(isAccepted);
      if (verdict.status !== 'pass' || wasQuick) break;
    }
    return verdict;
  },
});
