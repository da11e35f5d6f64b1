/**
 * A sender that closes the connection in the middle of a body.
 *
 * @module
 */
import { defineCheck, type Verdict } from '../../check.ts';
import { knowledgeOf } from '../../experiments/knowledge.ts';
import { causeOfHang, explainHangByNumber, isHung } from '../../experiments/hang-by-number.ts';
import { rememberCause, type NamedCause } from '../../experiments/known-causes.ts';
import { sideBySide } from '../../experiments/trial.ts';
import { sleep } from '../../hooks/hooks.ts';
import { inTurn } from '../../probe/in-turn.ts';
import type { Probe } from '../../probe/probe.ts';
import { rawRequest } from '../../probe/raw-post.ts';
import { isRefusedConnection } from '../../run/liveness.ts';
import { describeReply, fail, isTimedOut, pass } from '../../verdict.ts';

/** Bytes of the body that are sent: none, and some. */
const PARTS = [0, 0.5] as const;
/** How often it happens before what each of them keeps is used up. */
const OFTEN = 24;
const AT_ONCE = 24;
/** Time that the receiver has to notice, and then to end. Milliseconds. */
const NOTICES_WITHIN_MS = 60;

const breakOff = async (probe: Probe, part: number): Promise<void> => {
  const body = Buffer.from(probe.write(probe.event()), 'utf8');
  const { head } = rawRequest(probe, body, probe.headersFor(body));
  const connection = await probe.connect();
  try {
    await connection.write(head);
    await connection.write(body.subarray(0, Math.floor(body.length * part)));
    await sleep(probe.wall, NOTICES_WITHIN_MS / 3);
  } finally {
    connection.close();
  }
};

const BROKEN: NamedCause = {
  key: 'state:hang-after-broken-bodies',
  sentence: `After ${OFTEN} requests whose sender closed the connection before the response, no event gets a response any more: each of them keeps a place (a worker, a slot, a lock or a connection) that only a response gives back. Anybody can do that; no signature is needed.`,
  fix: 'Give back what a request has taken when its connection ends, too (Node: the event `close` instead of `finish`; otherwise `finally`).',
};

const failHung = (probe: Probe, { key, sentence, fix }: NamedCause): Verdict => {
  const exchanges = probe.exchanges.filter(isTimedOut).slice(0, 1);
  const cause = { flaw: 'refused', level: 'MUST', cause: sentence, evidence: '' } as const;
  const covers = (): boolean => true;
  knowledgeOf(probe).add({ ...cause, key, fix, exchanges, covers, without: null });
  rememberCause(probe, 'refused', { key, sentence, fix });
  return fail({
    key,
    symptom: 'refused',
    expected: ['a response to the next event'],
    actual: `${describeReply(exchanges[0]!.reply)} for the next two events`,
    diagnosis: sentence,
    fix,
    exchanges,
  });
};

/** Whether many of them together leave the receiver without something that every request needs. */
const keepsAfter = async (probe: Probe): Promise<Verdict | null> => {
  const { requests } = probe.memory;
  // The control: as many plain events, each of which gets its response.
  const events = Array.from({ length: OFTEN }, () => probe.event());
  await sideBySide(probe, events, (event) => probe.post(event));
  if (await isHung(probe)) {
    return failHung(probe, (await explainHangByNumber(probe)) ?? causeOfHang(requests, false));
  }
  const parts = Array.from({ length: OFTEN }, (_, place) => (place % 3) / 2);
  await sideBySide(probe, parts, (part) => breakOff(probe, part), AT_ONCE);
  if (!(await isHung(probe))) return null;
  return failHung(probe, (await explainHangByNumber(probe)) ?? BROKEN);
};

/** @param part of a body that is sent. @returns null if the next event is answered */
const judgePart = async (probe: Probe, part: number): Promise<Verdict | null> => {
  await breakOff(probe, part);
  await sleep(probe.wall, NOTICES_WITHIN_MS);
  const next = await probe.post(probe.event());
  if (!isRefusedConnection(next)) return null;
  const when = part === 0 ? 'before the body' : 'in the middle of the body';
  return fail({
    key: 'crash:http/broken-body',
    expected: ['the receiver goes on'],
    actual: `${describeReply(next.reply)} for the next event, after a sender had closed its connection ${when}`,
    diagnosis: `A sender that closes the connection ${when} ends the process: the error of the interrupted request is not caught. Anybody can do that; no signature is needed.`,
    // What crashed it is no exchange: it had no end.
    exchanges: [],
  });
};

export const check = defineCheck({
  id: 'http/broken-body',
  level: 'MUST',
  title: 'Survives a sender that closes the connection in the middle of a body',
  requirement: {
    text: 'A receiver that is down loses events after the third retry; anyone can open a connection and close it',
    source: 'guide, "Step 3: Handle retries"',
  },
  cause: 'The error of the request while its body is read is not caught and ends the process.',
  fix: 'Handle the end of a request before its body is complete (Node: `request.on("error", …)`, or `try` around `for await (const chunk of request)` and `await` in the handler).',
  catches: [
    'http-dies-of-a-broken-body',
    'http-broken-bodies-keep-places',
    'http-waits-for-itself',
  ],
  stage: 'risky',
  run: async (probe) => {
    const verdicts = await inTurn(
      probe,
      PARTS,
      (part) => judgePart(probe, part),
      (judged) => judged.some((verdict) => verdict !== null),
    );
    const crash = verdicts.find((verdict) => verdict !== null);
    return crash ?? (await keepsAfter(probe)) ?? pass();
  },
});
