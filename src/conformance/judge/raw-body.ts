/**
 * Judge correctly signed bodies with an unusual serialization. If one is rejected, find out what the receiver hashes instead.
 *
 * @module
 */
import { failRefused, isRefusedSample, sendSamples, type Sample, type Sent } from './acceptance.ts';
import type { Verdict } from '../check.ts';
import type { Probe } from '../probe/probe.ts';
import { fail, isTimedOut, pass, timeoutVerdictOf } from '../verdict.ts';
import { explainMatch } from '../diagnosis/explain-match.ts';
import { searchSignature } from '../diagnosis/search.ts';

/** Searches take long, and the first few rejected bodies are as informative as all of them. */
const MAX_SEARCHED = 2;

/** @param otherwise the verdict if no search explains the rejection; default: a failure */
export const judgeRawBodies = async (
  probe: Probe,
  samples: readonly Sample[],
  otherwise: (refused: readonly Sent[]) => Promise<Verdict | null> = async () => null,
): Promise<Verdict> => {
  const refused = (await sendSamples(probe, samples)).filter(isRefusedSample);
  if (refused.length === 0) return pass(`${samples.length} accepted`);
  const silence = timeoutVerdictOf(refused.map(({ exchange }) => exchange));
  if (silence !== null) return silence;
  // A receiver that timed out may also be late with the next responses, which would make a search unreliable.
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
  return (await otherwise(refused)) ?? failRefused(refused);
};
