/**
 * A valid event that is refused as some writers write its JSON: which way of writing decides, when its signature is not
 * what it is refused for.
 *
 * @module
 */
import type { Verdict } from '../check.ts';
import { deliver } from '../judge/deliver.ts';
import type { Exchange } from '../net/exchange.ts';
import { isThrottled } from '../net/throttle.ts';
import type { Event } from '../probe/event-maker.ts';
import type { Probe } from '../probe/probe.ts';
import { describeReply, fail, isAccepted } from '../verdict.ts';
import { list } from './cause-text.ts';
import { knowledgeOf } from './knowledge.ts';
import { isRefusedEvent } from './trial.ts';
import { locate } from './where.ts';

/** One way in which a writer of JSON may differ from `JSON.stringify`. */
interface Way {
  readonly key: string;
  /** "an escaped slash (`\/`)". */
  readonly what: string;
  readonly text: string;
  readonly write: (compact: string) => string;
}

const escaped = (pattern: RegExp, digits: (hex: string) => string) => (compact: string) =>
  compact.replaceAll(
    pattern,
    (unit) => `\\u${digits(unit.charCodeAt(0).toString(16).padStart(4, '0'))}`,
  );
const lower = (hex: string): string => hex;
const upper = (hex: string): string => hex.toUpperCase();

/** The same JSON with a space behind each colon and comma, and within braces. */
export const spaced = (compact: string): string => compact.replaceAll(/([{}:,]) ?(?=")/g, '$1 ');

const WAYS: readonly Way[] = [
  {
    key: 'slash',
    what: 'an escaped slash (`\\/`)',
    text: 'his/her reply',
    write: (compact) => compact.replaceAll('/', '\\/'),
  },
  {
    key: 'pair',
    what: 'an emoji that is written as two escapes (`\\ud83d\\ude00`)',
    text: 'fine 😀',
    write: escaped(/[\uD800-\uDFFF]/g, lower),
  },
  {
    key: 'escape',
    what: 'a letter that is written as an escape (`\\u00eb`)',
    text: 'Zoë says yes',
    write: escaped(/ë/g, lower),
  },
  {
    key: 'upper-case',
    what: 'an escape in capital letters (`\\u00EB`)',
    text: 'Zoë says yes',
    write: escaped(/ë/g, upper),
  },
  {
    key: 'ascii',
    what: 'an escaped ASCII character (`\\u0026`)',
    text: 'you & me',
    write: escaped(/&/g, lower),
  },
  {
    key: 'spaces',
    what: 'spaces behind its colons and commas',
    text: 'yes',
    write: spaced,
  },
  {
    key: 'lines',
    what: 'line breaks between its members',
    text: 'yes',
    write: (compact) => JSON.stringify(JSON.parse(compact), null, 2),
  },
  {
    key: 'tabs',
    what: 'tabs between its members',
    text: 'yes',
    write: (compact) => JSON.stringify(JSON.parse(compact), null, '\t'),
  },
];

/** The same content both ways. */
interface Tried {
  readonly way: Way;
  readonly plain: Exchange;
  readonly written: Exchange;
}

const tryWay = async (probe: Probe, way: Way): Promise<Tried> => {
  const make = (): Event => probe.event('email.replied', { reply_preview: way.text });
  return {
    way,
    written: await deliver(probe, way.write(JSON.stringify(make()))),
    plain: await deliver(probe, make()),
  };
};

const FIX =
  'Read the body with a complete JSON parser, such as the one of the standard library: escapes, white space between tokens and the order of members are the writer’s choice (RFC 8259), and how the provider writes is not documented.';

const experiment = async (probe: Probe, refused: Exchange): Promise<Verdict | null> => {
  const { place, evidence } = await locate(probe, refused);
  if (place === 'verification' || place === 'unknown') return null;
  const tried: Tried[] = [];
  for (const way of WAYS) {
    const one = await tryWay(probe, way);
    if (isThrottled(one.plain) || isThrottled(one.written)) return null;
    tried.push(one);
  }
  const deciding = tried.filter(
    ({ plain, written }) => isAccepted(plain) && isRefusedEvent(written),
  );
  const [first] = deciding;
  if (first === undefined) return null;
  const what = list(
    deciding.map(({ way }) => way.what),
    'or',
  );
  return fail({
    key: `refused:written:${deciding.map(({ way }) => way.key).join('+')}`,
    expected: ['a 2xx'],
    actual: `with ${first.way.what}: ${describeReply(first.written.reply)}; the same text without: ${describeReply(first.plain.reply)}`,
    diagnosis: `Refuses every event whose JSON has ${what}. The same content is accepted as \`JSON.stringify\` writes it. ${evidence}`,
    fix: FIX,
    exchanges: [first.plain, first.written],
  });
};

/**
 * @param refused a valid event in an unusual writing
 * @returns null if it is refused before or in the verification, or no single way of writing decides
 */
export const explainWriting = (probe: Probe, refused: Exchange): Promise<Verdict | null> =>
  knowledgeOf(probe).inTurn(() => probe.alone(() => experiment(probe, refused)));
