/**
 * Why a valid event is refused: one cause, one finding.
 *
 * @module
 */
import type { Verdict } from '../check.ts';
import type { Exchange } from '../net/exchange.ts';
import type { Probe } from '../probe/probe.ts';
import { fail, describeReply } from '../verdict.ts';
import { explainMatch } from './explain-match.ts';
import { explainPlainRefusal } from '../experiments/explain-example.ts';
import { CAUSES } from './causes.ts';
import { plainOnTls } from './plain-on-tls.ts';
import { REFUSALS } from './refusals.ts';
import { lookAround, type Finding, type Cause, type Scene } from './evidence.ts';
import { searchSignature } from './search.ts';
import { SILENCES } from './silence.ts';
import { unexplained } from './unexplained.ts';

const firstFinding = async (obstacles: readonly Cause[], scene: Scene): Promise<Finding | null> => {
  for (const obstacle of obstacles) {
    const finding = await obstacle(scene);
    if (finding !== null) return finding;
  }
  return null;
};

const find = async (probe: Probe, valid: Exchange): Promise<Finding> => {
  const overTls = await plainOnTls(probe, valid);
  if (overTls !== null) return overTls;
  const scene = await lookAround(probe, valid);
  const plain = await firstFinding([...SILENCES, ...CAUSES], scene);
  if (plain !== null) return plain;
  const byExperiment = await explainPlainRefusal(probe, valid);
  if (byExperiment !== null) return byExperiment;
  const search = await searchSignature(probe, Buffer.from(valid.request.body));
  if (search.match !== null) return explainMatch(search.match);
  return (await firstFinding(REFUSALS, scene)) ?? unexplained(scene, search);
};

/**
 * @param valid a correctly signed event that was rejected
 * @returns the verdict on it: a failure with its cause and its remedy
 */
export const diagnose = async (probe: Probe, valid: Exchange): Promise<Verdict> => {
  const {
    diagnosis,
    fix,
    actual = describeReply(valid.reply),
    shownBy = [],
    key,
  } = await find(probe, valid);
  return fail({
    ...(key === undefined ? {} : { key }),
    expected: ['a 2xx'],
    actual,
    diagnosis,
    fix,
    exchanges: [...shownBy, valid],
  });
};
