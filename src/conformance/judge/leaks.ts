/**
 * What answers give away.
 *
 * @module
 */
import type { Observed, SeenExchange } from '../run/observed.ts';
import type { Exchange, HeaderPairs } from '../net/exchange.ts';

export type Leak = 'digest' | 'secret' | 'stack';

/** What the redactor calls it. */
const LABELS = { digest: /^<the right digest/, secret: /^<the secret/ } as const;

/** Longer names and paths are none: bounded, so that an answer made to slow the search down cannot. */
const JAVASCRIPT =
  /\bat (?:async )?(?:[\w.<>$&; [\]]{1,200} )?\(?(?:file:\/\/|node:|\/|[A-Z]:\\)[^\s()]{1,300}:\d{1,7}:\d/;

/** Where a frame of .NET ends, and how much of the line before it is looked at. */
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
 * A frame or the head of a stack, in the languages that receivers are written in. Each takes time linear in the
 * answer's length: no two places where a match may begin share the text that is read from there.
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

/** Head and body apart: most bodies of a run are the same, while a date or an id makes every head another one. */
const answerOf = ({ reply }: Exchange): readonly string[] =>
  reply.kind === 'answer' ? [linesOf(reply.headers), reply.body] : [];

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
