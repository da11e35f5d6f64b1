/**
 * Experiments on a refusal that does not repeat: plain events in a row, side by side and over fresh connections show what
 * it depends on.
 *
 * @module
 */
import type { Exchange } from '../net/exchange.ts';
import { postRaw } from '../probe/raw-post.ts';
import type { Event } from '../probe/event-maker.ts';
import type { Probe } from '../probe/probe.ts';
import { isAccepted } from '../verdict.ts';
import { explainByTrait, type Outcome } from './digest-trait.ts';
import { isRefusedEvent, sideBySide } from './trial.ts';
import { answerText } from './answer-text.ts';
import { explainByCircumstance, PLAIN } from './circumstances.ts';

export interface Intermittence {
  /** Part of the finding's key. */
  readonly name: string;
  readonly cause: string;
  readonly evidence: string;
  readonly fix?: string;
  readonly exchanges: readonly Exchange[];
}

const IN_A_ROW = 24;
const TOGETHER = [4, 8, 16, 32] as const;
const FRESH = 8;

const placesOf = (sent: readonly Exchange[]): readonly number[] =>
  sent.flatMap((exchange, at) => (isRefusedEvent(exchange) ? [at] : []));

/**
 * The distance between refusals when it is the same each time, from the first event to the last of `count`; null otherwise: three
 * may be equally far apart by accident.
 */
export const periodOf = (places: readonly number[], count: number): number | null => {
  const [first = 0, second = 0] = places;
  const period = second - first;
  if (period < 2) return null;
  const isSteady = places.every((place, at) => place === first + at * period);
  const isThroughout = first < period && (places.at(-1) ?? 0) + period >= count;
  return places.length >= 3 && isSteady && isThroughout ? period : null;
};

const ordinal = (count: number): string =>
  count === 2 ? 'second' : count === 3 ? 'third' : `${count}th`;

const shownBy = (sent: readonly Exchange[]): readonly Exchange[] => [
  ...sent.filter(isAccepted).slice(0, 1),
  ...sent.filter(isRefusedEvent).slice(0, 1),
];

/** More events, where those that were refused are too few to tell what they have in common. */
const MAX_IN_A_ROW = 200;
const ENOUGH_REFUSED = 6;
const ENOUGH_ACCEPTED = 10;

/** @param begun events that were sent already */
const explainBySample = async (
  probe: Probe,
  begun: readonly Outcome[] = [],
): Promise<Intermittence | null> => {
  const outcomes = [...begun];
  const sent: Exchange[] = [];
  const refuses = async (event: Event): Promise<boolean> => {
    const exchange = await probe.post(event);
    sent.push(exchange);
    return isRefusedEvent(exchange);
  };
  const isEnough = (): boolean => {
    const refused = outcomes.filter(({ isFailed }) => isFailed).length;
    return refused >= ENOUGH_REFUSED && outcomes.length - refused >= ENOUGH_ACCEPTED;
  };
  while (outcomes.length < MAX_IN_A_ROW && !isEnough()) {
    const event = probe.event();
    outcomes.push({ event, isFailed: await refuses(event) });
  }
  const found = await explainByTrait(probe, 'refused', outcomes, refuses);
  if (found === null) return null;
  const { name, cause, evidence, fix } = found;
  return { name: `digest:${name}`, cause, evidence, fix, exchanges: shownBy(sent) };
};

const AGAIN = 2;

/** @returns null when the same bytes are accepted now, or nothing that was tried decides */
export const explainByRequest = async (
  probe: Probe,
  { request }: Exchange,
): Promise<Intermittence | null> => {
  for (let time = 0; time < AGAIN; time += 1)
    if (!isRefusedEvent(await probe.post(request.body))) return null;
  return explainBySample(probe);
};

/** The same bytes, which are accepted sooner or later where only chance decides. */
const BYTES_AGAIN = 12;

/** @returns how often the bytes of a refused event were sent until they were accepted; null when they never were */
const acceptedAfter = async (probe: Probe, { request }: Exchange): Promise<number | null> => {
  for (let count = 1; count <= BYTES_AGAIN; count += 1)
    if (isAccepted(await probe.post(request.body))) return count;
  return null;
};

/** What remains where nothing that was tried decides. */
const byChance = async (probe: Probe, sent: readonly Exchange[]): Promise<Intermittence> => {
  const refused = sent.filter(isRefusedEvent);
  const first = refused[0]!;
  const after = await acceptedAfter(probe, first);
  const numbers = placesOf(sent).map((place) => place + 1);
  return {
    name: 'now-and-then',
    cause:
      after === null
        ? `Refuses ${refused.length} of ${sent.length} plain events that are sent one after the other, and the same bytes again and again.`
        : `Refuses plain events at random: by chance, ${refused.length} of ${sent.length} that are sent one after the other.`,
    evidence: `It refused number ${numbers.join(', ')} (${answerText(first.reply)}).${after === null ? '' : ` The bytes of the first of them were accepted when they were sent again${after === 1 ? '' : ` for the ${ordinal(after)} time`}.`}`,
    exchanges: shownBy(sent),
  };
};

const inARow = async (probe: Probe): Promise<Intermittence | null> => {
  const events = Array.from({ length: IN_A_ROW }, () => probe.event());
  const sent: Exchange[] = [];
  for (const event of events) sent.push(await probe.post(event));
  const places = placesOf(sent);
  if (places.length === 0) return null;
  const period = periodOf(places, IN_A_ROW);
  const outcomes = events.map((event, at) => ({ event, isFailed: isRefusedEvent(sent[at]!) }));
  const found =
    period === null
      ? ((await explainBySample(probe, outcomes)) ?? (await explainByCircumstance(probe, PLAIN)))
      : null;
  if (found !== null) return found;
  if (period === null) return byChance(probe, sent);
  const numbers = places.map((place) => place + 1).join(', ');
  const first = sent[places[0]!]!;
  return {
    name: `every-${period}`,
    cause: `Refuses every ${ordinal(period)} event, whatever is in it.`,
    evidence: `Of ${IN_A_ROW} plain events in a row, it refused number ${numbers} (${answerText(first.reply)}).`,
    exchanges: shownBy(sent),
  };
};

/** How surely one of as many events would be refused, if one at a time were refused as often. */
const LN_DOUBT = Math.log(100);

/**
 * The control for refusals that seem to need a circumstance: plain events without it, one after the other, until refusals
 * that come by chance as often would have shown.
 *
 * @returns null when each is accepted
 */
const refusedWithout = async (
  probe: Probe,
  refused: number,
  count: number,
): Promise<Intermittence | null> => {
  const most = Math.min(MAX_IN_A_ROW, Math.ceil((LN_DOUBT * count) / refused));
  const sent: Exchange[] = [];
  while (sent.length < most) sent.push(await probe.post(probe.event()));
  return placesOf(sent).length === 0 ? null : byChance(probe, sent);
};

const together = async (probe: Probe): Promise<Intermittence | null> => {
  for (const count of TOGETHER) {
    const events = Array.from({ length: count }, () => probe.event());
    const sent = await sideBySide(probe, events, (event) => probe.post(event), count);
    const refused = placesOf(sent);
    if (refused.length === 0) continue;
    const byRequest = await explainByRequest(probe, sent[refused[0]!]!);
    if (byRequest !== null) return byRequest;
    const arrangement = { ...PLAIN, count: Math.max(PLAIN.count, count), atOnce: count };
    const found = await explainByCircumstance(probe, arrangement);
    if (found !== null) return found;
    return (
      (await refusedWithout(probe, refused.length, count)) ?? {
        name: 'in-parallel',
        cause: `Refuses events when about ${count} arrive at the same time, though one at a time is accepted.`,
        evidence: `Of ${count} plain events sent at the same time, ${refused.length} were refused (${answerText(sent[refused[0]!]!.reply)}).`,
        exchanges: shownBy(sent),
      }
    );
  }
  return null;
};

const overFreshConnections = async (probe: Probe): Promise<Intermittence | null> => {
  const sent: Exchange[] = [];
  for (let count = 0; count < FRESH; count += 1) {
    const body = probe.write(probe.event());
    sent.push(await postRaw(probe, body, probe.headersFor(body), null));
  }
  const refused = placesOf(sent);
  if (refused.length === 0) return null;
  return (
    (await refusedWithout(probe, refused.length, FRESH)) ?? {
      name: 'fresh-connection',
      cause:
        'Refuses events that arrive over a fresh connection, though it accepts them over a reused one.',
      evidence: `Over ${FRESH} fresh connections, ${refused.length} plain events were refused (${answerText(sent[refused[0]!]!.reply)}); over a reused one, all were accepted.`,
      exchanges: shownBy(sent),
    }
  );
};

/** @returns null when nothing that was tried brings the refusal back: the check that saw it knows more */
export const explainIntermittence = async (probe: Probe): Promise<Intermittence | null> =>
  (await inARow(probe)) ?? (await together(probe)) ?? overFreshConnections(probe);
