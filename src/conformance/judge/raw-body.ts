/**
 * Judges bodies that are rightly signed and unusually written: when one is refused, says what is hashed in its place.
 *
 * @module
 */
import { failRefused, isRefusedSample, sendSamples, type Sample } from './acceptance.ts';
import type { Verdict } from '../check.ts';
import type { Probe } from '../probe/probe.ts';
import { fail, isTimedOut, pass, silenceOf } from '../verdict.ts';
import { explainMatch } from '../diagnosis/explain-match.ts';
import { searchSignature } from '../diagnosis/search.ts';

/** Searches are long: one of the first few refused bodies tells as much as all of them. */
const MAX_SEARCHED = 2;

/** @param otherwise the verdict when what was refused is not explained by what is hashed; a failure unless given */
export const judgeRawBodies = async (
  probe: Probe,
  samples: readonly Sample[],
  otherwise: (refused: readonly Sample[]) => Verdict | null = () => null,
): Promise<Verdict> => {
  const refused = (await sendSamples(probe, samples)).filter(isRefusedSample);
  if (refused.length === 0) return pass(`${samples.length} accepted`);
  const silence = silenceOf(refused.map(({ exchange }) => exchange));
  if (silence !== null) return silence;
  // Whoever did not answer may be late with the next ones too, and then anything seems to be accepted or refused.
  const answered = refused.filter(({ exchange }) => !isTimedOut(exchange));
  for (const { exchange, sample } of answered.slice(0, MAX_SEARCHED)) {
    const { match } = await searchSignature(probe, Buffer.from(exchange.request.body));
    if (match === null) continue;
    const { diagnosis, fix, actual = '', shownBy = [] } = explainMatch(match);
    return fail({
      symptom: 'refused',
      expected: ['a 2xx'],
      actual: `${sample.name}: ${actual}`,
      diagnosis,
      fix,
      exchanges: [...shownBy, exchange],
    });
  }
  return otherwise(refused.map(({ sample }) => sample)) ?? failRefused(refused);
};
