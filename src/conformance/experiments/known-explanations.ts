/**
 * Causes that experiments have found in events, for a check that saw the same without an experiment of its own: if each of
 * its events has what decides, it has met the same fault.
 *
 * @module
 */
import type { Verdict } from '../check.ts';
import type { Exchange } from '../net/exchange.ts';
import type { Probe } from '../probe/probe.ts';
import { isAccepted } from '../verdict.ts';
import { contentOf } from './explain-refusal.ts';
import { knowledgeOf } from './knowledge.ts';

type Run = Pick<Probe, 'signing'>;

/** Whether the request is signed like a delivery. */
const isSigned = ({ signing }: Run, { request: { headers, body } }: Exchange): boolean =>
  headers.some(([, value]) => value === signing.valid(body));

/**
 * @param exchanges of the check, where its verdict names none
 * @returns the verdict, with the cause that explains every event in it
 */
export const withKnownExplanation = (
  run: Run,
  verdict: Verdict,
  exchanges: readonly Exchange[],
): Verdict => {
  if (verdict.status !== 'fail' || verdict.key !== undefined) return verdict;
  const { explanations, explanationOf } = knowledgeOf(run);
  if (explanations.length === 0) return verdict;
  const shown = verdict.exchanges ?? exchanges;
  const flaw = verdict.symptom === 'lost' ? 'lost' : 'refused';
  const flawed = flaw === 'lost' ? shown : shown.filter((one) => !isAccepted(one));
  const found = flawed.map((one) => {
    const event = isSigned(run, one) ? contentOf(one.request.body) : null;
    return event === null ? null : explanationOf(event, flaw);
  });
  const [first] = found;
  if (first == null || found.some((one) => one !== first)) return verdict;
  const { key, cause, evidence, fix } = first;
  return {
    ...verdict,
    key,
    diagnosis: `${cause} ${evidence}`,
    ...(fix === null ? {} : { fix }),
  };
};
