/**
 * Leaks in responses.
 *
 * @module
 */
import type { Observed, SeenExchange } from '../run/observed.ts';
import type { Exchange, HeaderPairs } from '../net/exchange.ts';

export type Leak = 'digest' | 'secret' | 'stack';

/** Labels of the redactor. */
const LABELS = { digest: /^<the right digest/, secret: /^<the secret/ } as const;

/** A JavaScript stack frame. Lengths are bounded so that a malicious response cannot slow the search down. */
const JAVASCRIPT =
  /\bat (?:async )?(?:[\w.<>$&; [\]]{1,200} )?\(?(?:file:\/\/|node:|\/|[A-Z]:\\)[^\s()]{1,300}:\d{1,7}:\d/;

/** End of a .NET stack frame, and how much of the line before it is searched. */
const DOTNET_END = /:line \d/g;
const DOTNET_START = /\bat [\w.`<>]+\(/;
const MAX_FRAME_CHARACTERS = 800;

/** `at Name.Space.Method(String x) in /path/File.cs:line 12`. */
const hasDotnetFrame = (text: string): boolean => {
  let looked = 0;
  for (const { index } of text.matchAll(DOTNET_END)) {
    const before = text.slice(Math.max(looked, index - MAX_FRAME_CHARACTERS), index);
    looked = index;
    const frame = before.slice(before.lastIndexOf('\n') + 1);
    const start = frame.search(DOTNET_START);
    if (start >= 0 && frame.includes(') in ', start)) return true;
  }
  return false;
};

/**
 * Detectors of stack traces by language. Each takes linear time: the texts read from two possible starts never overlap.
 */
const STACKS: readonly ((text: string) => boolean)[] = [
  // JavaScript, also as HTML.
  (text) => JAVASCRIPT.test(text),
  (text) => text.includes('Traceback (most recent call last)'),
  // Java, Kotlin; .NET; PHP; Ruby; Go; Rust.
  (text) => /\bat [\w.$]+\([\w$]+\.(?:java|kt|scala):\d+\)/.test(text),
  hasDotnetFrame,
  (text) => /(?:Stack trace:\s*#0|#\d+ \/\S+\.php\(\d+\))/.test(text),
  (text) => /\S\.rb:\d+:in [`'"]/.test(text),
  (text) => /goroutine \d+ \[running\]/.test(text),
  (text) => /thread '[^'\n]{1,200}'(?: \(\d+\))? panicked at/.test(text),
];

const hasStack = (text: string): boolean => STACKS.some((fits) => fits(text));

const linesOf = (headers: HeaderPairs): string =>
  headers.map(([name, value]) => `${name}: ${value}`).join('\n');

/** Head and body separately: most bodies of a run are equal, while dates and ids make every head different. */
const answerOf = ({ reply }: Exchange): readonly string[] =>
  reply.kind === 'answer' ? [linesOf(reply.headers), reply.body] : [];

const sentIn = ({ request }: Exchange): string =>
  `${request.url}\n${linesOf(request.headers)}\n${Buffer.from(request.body).toString('utf8')}`;

/**
 * Exchanges whose response leaks something. A value that the request contained is an echo, not a leak.
 *
 * @returns null if there was no response
 */
export const leaksOf = (
  { exchanges, secretsIn }: Observed,
  leak: Leak,
): readonly SeenExchange[] | null => {
  const answered = exchanges.filter(({ exchange }) => exchange.reply.kind === 'answer');
  if (answered.length === 0) return null;
  // Each text is searched once.
  if (leak === 'stack') {
    const searched = new Map<string, boolean>();
    return answered.filter(({ exchange }) => {
      const texts = answerOf(exchange);
      return texts.some((text) => {
        const found = searched.get(text) ?? hasStack(text);
        searched.set(text, found);
        return found;
      });
    });
  }
  const known = new Map<string, readonly string[]>();
  const foundIn = (text: string): readonly string[] => {
    const found = known.get(text) ?? secretsIn(text).filter((label) => LABELS[leak].test(label));
    known.set(text, found);
    return found;
  };
  return answered.filter(({ exchange }) => {
    const found = answerOf(exchange).flatMap(foundIn);
    if (found.length === 0) return false;
    const sent = secretsIn(sentIn(exchange));
    return found.some((label) => !sent.includes(label));
  });
};
