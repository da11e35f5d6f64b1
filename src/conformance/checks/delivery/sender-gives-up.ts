/**
 * An event whose sender closes the connection before the response, and sends it again.
 *
 * @module
 */
import { LOST_WITH_SENDER, rememberCause } from '../../experiments/known-causes.ts';
import { defineCheck, type Verdict } from '../../check.ts';
import { sleep } from '../../hooks/hooks.ts';
import { deliverNamed, judgeOnce, type Delivered } from '../../judge/deliver.ts';
import type { Event } from '../../probe/event-maker.ts';
import { inTurn } from '../../probe/in-turn.ts';
import type { Probe } from '../../probe/probe.ts';
import { rawRequest } from '../../probe/raw-post.ts';
import { notTested, pass } from '../../verdict.ts';

/** How long after the last byte the connection is closed: while the event is read, and while it is processed. */
const PAUSES_MS = [0, 2, 5, 10, 20];

const CAUSE =
  'The id is stored first, and the work ends with the connection (a request context, a cancellation token, an abort signal), so the retry is taken for a repeat.';

/** Send a whole request, and close the connection without waiting for the response. */
const giveUp = async (probe: Probe, event: Event, afterMs: number): Promise<void> => {
  const body = Buffer.from(probe.write(event));
  const connection = await probe.connect();
  try {
    await connection.write(rawRequest(probe, body, probe.headersFor(body)).bytes);
    if (afterMs > 0) await sleep(probe.wall, afterMs);
  } finally {
    connection.close();
  }
};

const giveUpAndRetry = (probe: Probe): Promise<readonly Delivered[]> =>
  inTurn(probe, PAUSES_MS, async (afterMs) => {
    const event = probe.event();
    await giveUp(probe, event, afterMs);
    const name = `the retry of an event whose sender closed the connection ${afterMs} ms after the request`;
    return deliverNamed(probe, name, event);
  });

/** As {@link giveUpAndRetry}, but the sender of the first request waits for its response: the two requests overlap. */
const overlap = (probe: Probe): Promise<readonly Delivered[]> =>
  inTurn(probe, PAUSES_MS, async (afterMs) => {
    const event = probe.event();
    const first = deliverNamed(probe, 'the first of two overlapping requests', event);
    await sleep(probe.wall, afterMs);
    const [, second] = await Promise.all([
      first,
      deliverNamed(probe, 'the second of two overlapping requests', event),
    ]);
    return second;
  });

/** The same event twice, and the first response is read: whether repeats are handled at all. */
const isRepeatHandled = async (probe: Probe): Promise<boolean> => {
  const event = probe.event();
  await deliverNamed(probe, 'the first try', event);
  return (await judgeOnce(probe, [await deliverNamed(probe, 'its repeat', event)])) === null;
};

const isLost = (verdict: Verdict | null): verdict is Extract<Verdict, { status: 'fail' }> =>
  verdict?.status === 'fail' && verdict.symptom === 'lost';

const FIX =
  'Store the id and the effect in one transaction, and finish it whether or not the sender still listens (Go: `context.WithoutCancel`; .NET: no `RequestAborted` in the work; Node: no abort signal of the request).';

export const check = defineCheck({
  id: 'delivery/sender-gives-up',
  level: 'MUST',
  title: 'Processes the retry of an event whose sender gave up waiting',
  requirement: {
    text: 'An endpoint that does not respond within 10 seconds is retried: the connection is closed, and the same event arrives again',
    source: 'guide, "Step 3: Handle retries" and "Respond fast"',
  },
  cause: CAUSE,
  fix: FIX,
  catches: ['delivery-ends-with-sender'],
  stage: 'effects',
  needs: ['effects'],
  run: async (probe) => {
    // Refusals and double effects of repeats are judged where no connection is closed.
    if (!isLost(await judgeOnce(probe, await giveUpAndRetry(probe)))) return pass();
    // Controls: it repeats, and the same requests are not lost if both senders wait.
    const verdict = await judgeOnce(probe, await giveUpAndRetry(probe));
    if (!isLost(verdict) || isLost(await judgeOnce(probe, await overlap(probe)))) {
      return notTested('Events are lost without it, too: see delivery/parallel-events.');
    }
    if (!(await isRepeatHandled(probe))) {
      return notTested('Events are lost or doubled without it: see delivery/dup-seq.');
    }
    rememberCause(probe, 'lost', { key: LOST_WITH_SENDER, sentence: CAUSE, fix: FIX });
    return { ...verdict, key: LOST_WITH_SENDER, diagnosis: CAUSE };
  },
});
