/**
 * Why a correctly signed event was refused, found by experiment: does it repeat, is it this event, what in it decides,
 * and where in the receiver it is refused.
 *
 * @module
 */
import { EVENT_TYPES, type EventType } from '../../../schemas/contract.ts';
import { WebhookEvent } from '../../../schemas/tolerant.ts';
import { EVENT_EXAMPLES } from '../../../schemas/examples.ts';
import { deliver } from '../judge/deliver.ts';
import type { Verdict } from '../check.ts';
import type { Exchange } from '../net/exchange.ts';
import type { Event } from '../probe/event-maker.ts';
import type { Probe } from '../probe/probe.ts';
import { describeReply, fail, isAccepted } from '../verdict.ts';
import { explainByAftermath, type Behind } from './aftermath.ts';
import { GENERAL_FIX } from './cause-text.ts';
import { explainChangedState } from './changed-state.ts';
import { caseOfEvent } from './case-of-event.ts';
import { explainCase } from './explain-case.ts';
import { explainByRequest, explainIntermittence, type Intermittence } from './intermittence.ts';
import { knowsCause, rememberCause, type NamedCause } from './known-causes.ts';
import { explainByRate, pauseOfRate } from './rate.ts';
import { knowledgeOf, type Explanation } from './knowledge.ts';
import { isThrottled } from '../net/throttle.ts';
import { isRefusedEvent } from './trial.ts';
import { locate } from './where.ts';
import { answerText } from './answer-text.ts';

/** The valid event in a body, however its JSON is written; null for any other body. */
export const contentOf = (body: Uint8Array): Event | null => {
  try {
    const event = JSON.parse(Buffer.from(body).toString('utf8')) as Event;
    const isKnown = (EVENT_TYPES as readonly unknown[]).includes(event.event);
    return isKnown && WebhookEvent.safeParse(event).success ? event : null;
  } catch {
    return null;
  }
};

/** The valid event in a body that is written as the provider writes it; null for any other body. */
export const eventIn = (body: Uint8Array): Event | null => {
  const event = contentOf(body);
  return event !== null && JSON.stringify(event) === Buffer.from(body).toString('utf8')
    ? event
    : null;
};

/** A correctly signed request with a valid event, conclusively refused, in whatever form it was written and sent. */
export const isRefusedContent = (probe: Probe, exchange: Exchange): boolean => {
  const { method, url, headers, body } = exchange.request;
  if (method !== 'POST' || url !== probe.url || !isRefusedEvent(exchange)) return false;
  const signature = probe.signing.valid(body);
  return headers.some(([, value]) => value === signature) && contentOf(body) !== null;
};

/** A request as the provider makes it, and conclusively refused. */
export const isRefusedDelivery = (probe: Probe, exchange: Exchange): boolean => {
  const { method, url, headers, body } = exchange.request;
  if (method !== 'POST' || url !== probe.url || !isRefusedEvent(exchange)) return false;
  return (
    JSON.stringify(headers) === JSON.stringify(probe.headersFor(body)) && eventIn(body) !== null
  );
};

const explained = (one: Intermittence, kind: string, fix: string): Explanation => ({
  key: `${kind}:${one.name}`,
  flaw: 'refused',
  level: 'MUST',
  cause: one.cause,
  evidence: one.evidence,
  fix: one.fix ?? fix,
  exchanges: one.exchanges,
  covers: () => true,
  without: null,
});

const STATE_FIX =
  'Look at what outlives a request: a connection whose body was not read to its end, a transaction or a file that was not closed, a lock, a worker that died.';
export const INTERMITTENT_FIX =
  'Look at what differs from request to request: a pool with a broken member, one of several processes with another secret, a race on shared state.';

const isRedirect = ({ reply }: Exchange): boolean =>
  reply.kind === 'answer' && reply.status >= 300 && reply.status < 400;

/** The type itself is refused, whatever is in it. */
const typeExplanation = async (
  probe: Probe,
  type: EventType,
  control: Exchange,
  refused: Exchange,
): Promise<Explanation> => ({
  key: `refused:type:${type}`,
  flaw: 'refused',
  level: 'MUST',
  cause: `${isRedirect(refused) ? 'Redirects' : 'Refuses'} every \`${type}\` event.`,
  evidence: `A plain \`${type}\` event is answered ${answerText(refused.reply)}; a plain event of another type is answered ${answerText(control.reply)}. ${(await locate(probe, refused)).evidence}`,
  fix: isRedirect(refused)
    ? 'Respond at the registered URL itself: a redirect is not followed.'
    : 'Answer 2xx to every type of event, and do nothing for those that you do not need.',
  exchanges: [control, refused],
  covers: (event) => event.event === type,
  without: null,
});

/** The provider's own example with a fresh id: an ordinary person at example.com. */
const providersExample = (probe: Probe, type: EventType): Event => ({
  ...EVENT_EXAMPLES[type][0],
  id: probe.events.freshId(),
});

/** Plain events are refused: by their generated people, or because the receiver has changed. */
const explainPlain = async (probe: Probe, plain: Exchange): Promise<Explanation | null> => {
  const example = await deliver(probe, providersExample(probe, 'email.replied'));
  if (isThrottled(example) || isAccepted(example)) return null;
  const state = await explainChangedState(probe, plain);
  return explained(state, 'state', STATE_FIX);
};

/** Sent in this order, no period of refusals looks like a refusal of the one or the other. */
const ORDER = ['event', 'plain', 'plain', 'event', 'event'] as const;

/** Every try of one kind has the same result. */
const areAll = (sent: readonly Exchange[], fits: (exchange: Exchange) => boolean): boolean =>
  sent.length > 0 && sent.every(fits);

/** Whatever is in the event. */
const ofReceiver = (
  { key, sentence, fix }: NamedCause,
  exchanges: readonly Exchange[],
  evidence = '',
): Explanation => ({
  key,
  flaw: 'refused',
  level: 'MUST',
  cause: sentence,
  evidence,
  fix,
  exchanges,
  covers: () => true,
  without: null,
});

/** It comes behind another request each time. */
const behindAnother = ({ cause, exchanges }: Behind): Explanation =>
  ofReceiver(cause, exchanges, 'Without what comes before it, the same event is accepted.');

/** Where a sequence has shown already what refusals now and then come from, nothing is to be found out. */
const intermittent = async (probe: Probe, refused: Exchange): Promise<Explanation | null> => {
  if (knowsCause(probe, 'refused')) return null;
  const byRate = await explainByRate(probe, 'refused');
  if (byRate !== null) return ofReceiver(byRate, [refused]);
  const byTrait = await explainByRequest(probe, refused);
  if (byTrait !== null) return explained(byTrait, 'intermittent', INTERMITTENT_FIX);
  const behind = await explainByAftermath(probe);
  if (behind !== null) return behindAnother(behind);
  const found = await explainIntermittence(probe);
  return found === null ? null : explained(found, 'intermittent', INTERMITTENT_FIX);
};

/** Plain events, and events with the same content: as many in a row are not refused by chance. */
const PLAIN_IN_A_ROW = 40;
const SAME_IN_A_ROW = 6;
/** A slow receiver gets fewer. */
const IN_A_ROW_FOR_MS = 3000;

const refusesEach = async (
  probe: Probe,
  count: number,
  makeEvent: () => Event,
): Promise<boolean> => {
  const until = probe.wall.now() + IN_A_ROW_FOR_MS;
  for (let sent = 0; sent < count && probe.wall.now() < until; sent += 1)
    if (isAccepted(await deliver(probe, makeEvent()))) return false;
  return true;
};

/** What it is about, when the same content is accepted with another id. */
const explainOnce = async (
  probe: Probe,
  refused: Exchange,
  event: Event,
  control: Exchange,
): Promise<Explanation | null> => {
  const isRepeat = probe.exchanges.some(
    (one) => one !== refused && isAccepted(one) && eventIn(one.request.body)?.id === event.id,
  );
  // The same bytes in one piece are accepted: the manner decides, which the check knows best.
  if (refused.request.manner !== null || isRepeat) return null;
  const byRequest = await explainByRequest(probe, refused);
  if (byRequest !== null) return explained(byRequest, 'intermittent', INTERMITTENT_FIX);
  const type = event.event as EventType;
  const refusesId = (): Promise<boolean> =>
    refusesEach(probe, SAME_IN_A_ROW, () => probe.event(type, {}, { id: event.id }));
  if (!(await refusesId())) return intermittent(probe, refused);
  const scene = { probe, flaw: 'refused', interests: null, control } as const;
  return explainCase(scene, caseOfEvent(probe, type, event));
};

const experiment = async (
  probe: Probe,
  refused: Exchange,
  event: Event,
): Promise<Explanation | null> => {
  const sent: { readonly what: (typeof ORDER)[number]; readonly exchange: Exchange }[] = [];
  for (const what of ORDER) {
    const id = probe.events.freshId();
    const exchange = await deliver(probe, what === 'plain' ? probe.event() : { ...event, id });
    // A plain event that is cut off may be a crash, which the runner looks after.
    const isCut = what === 'plain' && exchange.reply.kind === 'none';
    if (isThrottled(exchange) || isCut) return null;
    sent.push({ what, exchange });
  }
  const of = (wanted: 'event' | 'plain'): readonly Exchange[] =>
    sent.filter(({ what }) => what === wanted).map(({ exchange }) => exchange);
  const [again, plain] = [of('event'), of('plain')];
  const refusesPlain = (): Promise<boolean> =>
    refusesEach(probe, PLAIN_IN_A_ROW, () => probe.event());
  if (areAll([...plain, ...again], isRefusedEvent) && (await refusesPlain())) {
    await pauseOfRate(probe);
    if (await refusesEach(probe, 1, () => probe.event())) return explainPlain(probe, plain[0]!);
  }
  if (!areAll(plain, isAccepted)) return intermittent(probe, refused);
  if (areAll(again, isAccepted)) return explainOnce(probe, refused, event, plain[0]!);
  const refusesSame = (): Promise<boolean> =>
    refusesEach(probe, SAME_IN_A_ROW, () => ({ ...event, id: probe.events.freshId() }));
  if (!areAll(again, isRefusedEvent) || !(await refusesSame())) return intermittent(probe, refused);
  const type = event.event as EventType;
  const isPlainType = eventIn(plain[0]!.request.body)?.event === type;
  const control = isPlainType ? plain[0]! : await deliver(probe, probe.event(type));
  if (isRefusedEvent(control)) return typeExplanation(probe, type, plain[0]!, control);
  const scene = { probe, flaw: 'refused', interests: null, control } as const;
  return explainCase(scene, caseOfEvent(probe, type, event));
};

/** It is about the receiver as a whole, whatever an event holds. */
const isOfReceiver = ({ key }: Explanation): boolean => /^(state|intermittent|sequence):/.test(key);

/** Any other check that sees a valid event refused has met the same. */
const shareCause = (probe: Probe, { key, cause, evidence, fix }: Explanation): void =>
  rememberCause(probe, 'refused', { key, sentence: `${cause} ${evidence}`, fix: fix ?? '' });

/**
 * @param refused a correctly signed event that was not accepted
 * @returns the cause that experiments have shown; null when they show none, or the receiver throttles
 */
export const explainRefusal = (probe: Probe, refused: Exchange): Promise<Explanation | null> =>
  knowledgeOf(probe).inTurn(async () => {
    const event = eventIn(refused.request.body);
    if (event === null) return null;
    const known = knowledgeOf(probe).explanationOf(event, 'refused');
    if (known !== null) return known;
    const explanation = await probe.alone(() => experiment(probe, refused, event));
    if (explanation !== null) knowledgeOf(probe).add(explanation);
    if (explanation !== null && isOfReceiver(explanation)) shareCause(probe, explanation);
    return explanation;
  });

/** @returns why events are refused that are accepted when they are sent again alone; null when no experiment shows it */
export const explainNowAndThen = (probe: Probe, refused: Exchange): Promise<Explanation | null> =>
  knowledgeOf(probe).inTurn(async () => {
    const explanation = await probe.alone(() => intermittent(probe, refused));
    if (explanation === null) return null;
    knowledgeOf(probe).add(explanation);
    shareCause(probe, explanation);
    return explanation;
  });

/** A valid event was refused, whatever the check is about. */
export const failRefused = (refused: Exchange, explanation: Explanation): Verdict => {
  const { key, level, cause, evidence, fix, exchanges } = explanation;
  return fail({
    key,
    level,
    expected: ['a 2xx for each valid event'],
    actual: `a valid event was refused: ${describeReply(refused.reply)}`,
    diagnosis: `${cause} ${evidence}`,
    fix: fix ?? GENERAL_FIX,
    exchanges,
  });
};
