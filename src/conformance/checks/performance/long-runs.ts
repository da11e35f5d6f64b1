/**
 * Texts that repeat one character: a pattern that backtracks needs time that grows with the square of such a run.
 *
 * @module
 */
import { inDigitGroups } from '../../../domain/digit-groups.ts';
import { defineCheck } from '../../check.ts';
import type { Exchange } from '../../net/exchange.ts';
import { stopwatch } from '../../net/stopwatch.ts';
import type { Probe } from '../../probe/probe.ts';
import { fail, isAccepted, notTested, pass } from '../../verdict.ts';

/** Within the smallest usual limit of a body, 64 KiB. */
const LENGTH = 50_000;
const WORDS = 'Thanks, that sounds good. ';

/** What patterns for markup, addresses, links, quoted mail and white space look for. */
const RUNS: readonly (readonly [name: string, character: string])[] = [
  ['blanks', ' '],
  ['line breaks', '\n'],
  ['tabs', '\t'],
  ['the letter a', 'a'],
  ['the digit 0', '0'],
  ['the character <', '<'],
  ['the character >', '>'],
  ['the character @', '@'],
  ['the character -', '-'],
  ['the character .', '.'],
  ['the character /', '/'],
  ['the character (', '('],
];

/** Below that a sender notices nothing. Milliseconds. */
const MIN_MS = 500;
const MAX_RATIO = 10;

interface Timed {
  readonly exchange: Exchange;
  readonly ms: number;
}

/** Until a plain event behind it is answered: one that works behind its response may block the next one. */
const time = async (probe: Probe, text: string): Promise<Timed> => {
  const elapsed = stopwatch();
  const exchange = await probe.post(probe.event('email.replied', { reply_preview: text }));
  await probe.post(probe.event());
  return { exchange, ms: elapsed() };
};

export const check = defineCheck({
  id: 'performance/long-runs',
  level: 'SHOULD',
  title:
    'Needs no longer for a text that repeats one character than for another of the same length',
  requirement: {
    text: 'A response must arrive within 10 seconds; reply_preview has no maximum length, and the person who replies chooses its text',
    source: 'guide, "Respond fast"; spec/asyncapi.yaml: no maxLength',
  },
  cause:
    'A regular expression backtracks: at each character of a long run it looks for the end of the run again.',
  fix: 'Cut the text before a pattern is applied to it, or write the pattern so that two parts of it cannot match the same characters (no `\\s*\\n\\s*`, no `(a+)+`); RE2 and Go need linear time.',
  catches: ['performance-quadratic-pattern'],
  stage: 'risky',
  after: ['performance/latency'],
  run: async (probe) => {
    if (probe.isSlow())
      return notTested('The receiver is too slow for its responses to be compared.');
    await time(probe, WORDS);
    const text = WORDS.repeat(LENGTH / WORDS.length);
    const words = { text, ...(await time(probe, text)) };
    if (!isAccepted(words.exchange)) {
      return notTested(`A text of ${inDigitGroups(LENGTH)} characters is not accepted.`);
    }
    const maxMs = Math.max(MIN_MS, MAX_RATIO * words.ms);
    for (const [name, character] of RUNS) {
      const text = character.repeat(LENGTH);
      if ((await time(probe, text)).ms <= maxMs) continue;
      // Slow by chance, or again and beside words that are not.
      const [run, beside] = [await time(probe, text), await time(probe, words.text)];
      if (run.ms <= maxMs || beside.ms > maxMs) continue;
      const [slow, usual] = [Math.round(run.ms), Math.round(words.ms)];
      return fail({
        key: `slow:run:${name}`,
        expected: [`at most ${Math.round(maxMs)} ms`],
        actual: `${slow} ms for ${inDigitGroups(LENGTH)} characters that are ${name}, ${usual} ms for words of the same length`,
        diagnosis: `A \`reply_preview\` that is a long run of ${name} takes ${slow} ms, words of the same length take ${usual} ms: a regular expression backtracks, and a longer text stops the receiver for minutes.`,
        exchanges: [words.exchange, run.exchange],
      });
    }
    return pass(`${RUNS.length} runs, words of the same length in ${Math.round(words.ms)} ms`);
  },
});
