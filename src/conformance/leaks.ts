/**
 * What answers give away.
 *
 * @module
 */
import type { Observed, SeenExchange } from './observed.ts';
import type { Exchange, HeaderPairs } from './probe/exchange.ts';

export type Leak = 'digest' | 'secret' | 'stack';

/** What the redactor calls it. */
const LABELS = { digest: /^<the right digest/, secret: /^<the secret/ } as const;

/** A frame or the head of a stack, in the languages that receivers are written in. */
const STACKS: readonly RegExp[] = [
  // JavaScript, also as HTML.
  /\bat (?:async )?(?:[\w.<>$&; [\]]+ )?\(?(?:file:\/\/|node:|\/|[A-Z]:\\)[^\s()]+:\d+:\d+\)?/,
  /Traceback \(most recent call last\)/,
  // Java, Kotlin; .NET; PHP; Ruby; Go; Rust.
  /\bat [\w.$]+\([\w$]+\.(?:java|kt|scala):\d+\)/,
  /\bat [\w.`<>]+\(.*\) in .+:line \d+/,
  /(?:Stack trace:\s*#0|#\d+ \/\S+\.php\(\d+\))/,
  /\S+\.rb:\d+:in [`'"]/,
  /goroutine \d+ \[running\]/,
  /thread '.+' panicked at/,
];

const linesOf = (headers: HeaderPairs): string =>
  headers.map(([name, value]) => `${name}: ${value}`).join('\n');

const answerOf = ({ reply }: Exchange): string =>
  reply.kind === 'answer' ? `${linesOf(reply.headers)}\n${reply.body}` : '';

const sentIn = ({ request }: Exchange): string =>
  `${request.url}\n${linesOf(request.headers)}\n${Buffer.from(request.body).toString('utf8')}`;

/**
 * Exchanges whose answer holds what it should not. What only comes back as it was sent is an echo, and no leak.
 *
 * @returns null when there was no answer to look at
 */
export const leaksOf = (
  { exchanges, secretsIn }: Observed,
  leak: Leak,
): readonly SeenExchange[] | null => {
  const answered = exchanges.filter(({ exchange }) => exchange.reply.kind === 'answer');
  if (answered.length === 0) return null;
  if (leak === 'stack') {
    return answered.filter(({ exchange }) =>
      STACKS.some((stack) => stack.test(answerOf(exchange))),
    );
  }
  /** Most answers are the same. */
  const known = new Map<string, readonly string[]>();
  const foundIn = (text: string): readonly string[] => {
    const found = known.get(text) ?? secretsIn(text).filter((label) => LABELS[leak].test(label));
    known.set(text, found);
    return found;
  };
  return answered.filter(({ exchange }) => {
    const found = foundIn(answerOf(exchange));
    if (found.length === 0) return false;
    const sent = secretsIn(sentIn(exchange));
    return found.some((label) => !sent.includes(label));
  });
};
