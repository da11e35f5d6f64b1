/**
 * Whether a restart forgets everything behind a certain request of the run: what is stored is read back up to it, and no
 * further. The run's own events say where that is.
 *
 * @module
 */
import { inDigitGroups } from '../../domain/digit-groups.ts';
import { effectsOf, settleBehind } from '../judge/deliver.ts';
import { interestsOf } from '../judge/interests.ts';
import type { Exchange } from '../net/exchange.ts';
import type { Probe } from '../probe/probe.ts';
import { isAccepted } from '../verdict.ts';
import { knownCause, rememberCause, type NamedCause } from './known-causes.ts';
import { isSigned } from './snapshot.ts';
import { sideBySide } from './trial.ts';

/** An event with an effect before the restart, or so it was accepted, and its place among the requests of the run. */
interface Placed {
  readonly place: number;
  readonly id: string;
}

const SAMPLE = 60;
/** The first ones are looked at one by one: the end may be near the beginning. */
const FIRST = 40;
/** On each side, to be sure. */
const MIN_EACH = 5;
/** Requests that were sent at the same time may be stored in another order. */
const AROUND = 8;
/** Of the events before the end; some may be lost or without effect for other reasons. */
const SHARE = 0.9;

/** In these, `event` and `id` stand first, as the provider writes them. */
const ENVELOPE_BYTES = 512;

/** Only the envelope is looked at, so that long bodies cost little. */
const idIn = (body: Uint8Array, types: ReadonlySet<string>): string | null => {
  const text = Buffer.from(body.subarray(0, ENVELOPE_BYTES)).toString('utf8');
  const id = /"id":\s*"([^"\\]+)"/.exec(text)?.[1];
  const type = /"event":\s*"([^"\\]+)"/.exec(text)?.[1];
  return id === undefined || type === undefined || !types.has(type) ? null : id;
};

const placedIn = (
  probe: Probe,
  exchanges: readonly Exchange[],
  types: ReadonlySet<string>,
): readonly Placed[] => {
  const seen = new Set<string>();
  return exchanges.flatMap((exchange, place): readonly Placed[] => {
    if (!isAccepted(exchange) || !isSigned(probe, exchange)) return [];
    const id = idIn(exchange.request.body, types);
    if (id === null || seen.has(id)) return [];
    seen.add(id);
    return [{ place, id }];
  });
};

const spread = <T>(items: readonly T[], most: number): readonly T[] => {
  const step = Math.max(1, items.length / most);
  return Array.from(
    { length: Math.min(most, items.length) },
    (_, at) => items[Math.floor(at * step)]!,
  );
};

const readKnown = async (probe: Probe, placed: readonly Placed[]): Promise<readonly boolean[]> => {
  const counts = await sideBySide(probe, placed, ({ id }) => effectsOf(probe).count(id), 16);
  return counts.map((count) => count > 0);
};

/** Number of the items up to which they are known, and behind which they are not; null without such a limit. */
const limitOf = (known: readonly boolean[]): number | null => {
  const limits = known.map((_, at) => at).filter((at) => at >= MIN_EACH);
  const share = (list: readonly boolean[], wanted: boolean): number =>
    list.filter((one) => one === wanted).length / list.length;
  const fits = limits.filter(
    (at) =>
      known.length - at >= MIN_EACH &&
      share(known.slice(0, at), true) >= SHARE &&
      share(known.slice(at), false) >= SHARE,
  );
  const errors = (at: number): number => known.filter((one, place) => one !== place < at).length;
  return fits.toSorted((one, other) => errors(one) - errors(other))[0] ?? null;
};

const longestIn = (exchanges: readonly Exchange[]): number =>
  Math.max(0, ...exchanges.map(({ request }) => request.body.length));

const FIX =
  'Read what is stored with a reader without a limit on lines or records (Go: `bufio.Reader.ReadBytes` or `Scanner.Buffer`; a database), check its error at the end, and refuse to start, or refuse the event with 413, in place of ending early.';

/** Of a body: what a reader of lines or records may stumble over. */
const TRAITS: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['a body that contains a line break', /\n(?=.)/s],
  ['a body that contains U+2028 or U+2029', /[\u2028\u2029]/],
  ['a body that contains NUL', /\\u0000/],
  ['a body that contains other than ASCII characters', /[\u0080-\u{10ffff}]/u],
];

const textOf = ({ request }: Exchange): string => Buffer.from(request.body).toString('utf8');

const nameEnd = (probe: Probe, last: number, first: number): NamedCause => {
  const stored = (from: number, to: number): readonly Exchange[] =>
    probe.allExchanges().slice(from, to).filter(isAccepted);
  const before = stored(0, Math.max(0, last - AROUND));
  const near = stored(Math.max(0, last - AROUND), first + AROUND + 1);
  const [shorter, longer] = [longestIn(before), longestIn(near)];
  const isNew = (pattern: RegExp): boolean =>
    near.some((one) => pattern.test(textOf(one))) &&
    !before.some((one) => pattern.test(textOf(one)));
  const traits = TRAITS.flatMap(([name, pattern]) => (isNew(pattern) ? [name] : []));
  if (longer > 1.2 * shorter) {
    traits.push(
      `a long event, of ${inDigitGroups(longer)} bytes (the longest before it has ${inDigitGroups(shorter)})`,
    );
  }
  const what =
    traits.length > 0
      ? `${traits.join(' or ')}: what is stored is read at start by a reader that ends at such a line or record`
      : `the first ${inDigitGroups(last + 1)} requests of the run: what is stored is read back only up to there`;
  return {
    key: 'restart:journal-end',
    sentence: `After a restart, all events are forgotten that were accepted behind ${what}.`,
    fix: FIX,
  };
};

/**
 * To be called after a restart that has shown a loss.
 *
 * @returns the cause, which is remembered for lost and doubled events; null when the events of the run do not show a limit
 */
export const explainJournalEnd = async (probe: Probe): Promise<NamedCause | null> => {
  const known = knownCause(probe, 'lost');
  if (known?.key.startsWith('restart:journal-end') === true) return known;
  if (probe.effects === null) return null;
  const { types } = await interestsOf(probe);
  await settleBehind(probe);
  const all = placedIn(probe, probe.allExchanges(), types);
  const sample = [...all.slice(0, FIRST), ...spread(all.slice(FIRST), SAMPLE)];
  const limit = limitOf(await readKnown(probe, sample));
  if (limit === null) return null;
  const from = all.indexOf(sample[Math.max(0, limit - MIN_EACH)]!);
  const to = all.indexOf(sample[Math.min(sample.length - 1, limit + MIN_EACH)]!);
  const part = all.slice(from, to + 1);
  const edge = limitOf(await readKnown(probe, part));
  if (edge === null) return null;
  const cause = nameEnd(probe, part[edge - 1]!.place, part[edge]!.place);
  rememberCause(probe, 'lost', cause);
  rememberCause(probe, 'doubled', cause);
  return cause;
};
