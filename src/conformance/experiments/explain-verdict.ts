/**
 * The one place where a check's finding on refused valid events gets its cause: checks report what they saw, experiments
 * find out why.
 *
 * @module
 */
import { STAGES, type ActiveCheck, type Stage, type Verdict } from '../check.ts';
import type { Exchange } from '../net/exchange.ts';
import type { Probe } from '../probe/probe.ts';
import { isAccepted, notTested } from '../verdict.ts';
import { explainForgeries } from './explain-forgery.ts';
import { explainByContent } from './content-control.ts';
import {
  eventIn,
  explainRefusal,
  failRefused,
  isRefusedContent,
  isRefusedDelivery,
} from './explain-refusal.ts';
import { knowledgeOf, type Explanation } from './knowledge.ts';
import { explainPlainLoss } from './plain-loss.ts';
import { explainTooSoon } from './too-soon.ts';

/** Stages whose valid events must be accepted, whatever the check is about. */
const EXPLAINED: ReadonlySet<Stage> = new Set(['valid', 'risky', 'effects', 'load']);

type Failure = Extract<Verdict, { status: 'fail' }>;

/** Refusals that a failure shows, the plainest first. */
const refusalsIn = (probe: Probe, { exchanges = probe.exchanges }: Failure): readonly Exchange[] =>
  exchanges.filter((exchange) => isRefusedDelivery(probe, exchange)).toReversed();

/** A check that disturbs the receiver on purpose knows better why an event was refused. */
const isExplained = ({ stage, needs = [] }: ActiveCheck): boolean =>
  EXPLAINED.has(stage) && !needs.includes('fault') && !needs.includes('restart');

/** Stages that send forgeries. */
const FORGING: ReadonlySet<Stage> = new Set(['negative', 'risky']);

/** A cut connection may be a crash, which the runner looks after: nothing more is sent to a receiver that is down. */
const isAlive = async (probe: Probe, { reply }: Exchange): Promise<boolean> =>
  reply.kind === 'answer' || isAccepted(await probe.post(probe.event()));

/** A missing effect whose cause another check has shown already. */
const knownLoss = (probe: Probe, { exchanges = [] }: Failure): Explanation | null => {
  for (const { request } of exchanges) {
    const event = eventIn(request.body);
    const known = event === null ? null : knowledgeOf(probe).explanationOf(event, 'lost');
    if (known !== null) return known;
  }
  return null;
};

/** @param refused the plainest refused delivery; undefined without one */
const explain = async (
  probe: Probe,
  failure: Failure,
  refused: Exchange | undefined,
): Promise<Explanation | null> => {
  if (refused !== undefined) return explainRefusal(probe, refused);
  const { exchanges = probe.exchanges } = failure;
  const unusual = exchanges.filter((exchange) => isRefusedContent(probe, exchange));
  return unusual.length > 0 ? explainByContent(probe, unusual) : knownLoss(probe, failure);
};

/** How the check saw it, behind what the experiment has shown. */
const withCause = async (probe: Probe, failure: Failure): Promise<Verdict> => {
  const [refused] = refusalsIn(probe, failure);
  if (refused !== undefined && !(await isAlive(probe, refused))) return failure;
  const explanation = await explain(probe, failure, refused);
  if (explanation === null) return failure;
  const { key, cause, evidence, fix, exchanges } = explanation;
  return {
    ...failure,
    key,
    diagnosis: `${cause} ${evidence}`,
    ...(fix === null ? {} : { fix }),
    exchanges,
  };
};

/** A repeat that takes effect again may do so only when it comes soon; an event may be lost as plain ones are. */
const withCauseOfEffects = async (probe: Probe, failure: Failure): Promise<Verdict | null> => {
  const { symptom, key, exchanges = probe.exchanges } = failure;
  if (key !== undefined) return null;
  const isLost = symptom === 'lost' && exchanges.every(isAccepted);
  const cause =
    symptom === 'doubled'
      ? await explainTooSoon(probe)
      : isLost && knownLoss(probe, failure) === null
        ? await explainPlainLoss(probe)
        : null;
  return cause === null
    ? null
    : { ...failure, key: cause.key, diagnosis: cause.sentence, fix: cause.fix };
};

/** Verdicts that say nothing of a valid event that was refused meanwhile. */
const isBlind = ({ stage }: ActiveCheck, { status }: Verdict): boolean =>
  (stage === 'effects' && status === 'not_tested') || (stage === 'load' && status !== 'fail');

/** A receiver may turn away some of a crowd by 503, be it with Retry-After or not: http/burst-limited judges that. */
const isShed = ({ stage }: ActiveCheck, { reply }: Exchange): boolean =>
  'crowd' in STAGES[stage] && reply.kind === 'answer' && reply.status === 503;

/** A valid event that is refused counts wherever it is sent. */
const explainHidden = async (
  probe: Probe,
  check: ActiveCheck,
  verdict: Verdict,
): Promise<Verdict> => {
  const refused = probe.exchanges.find(
    (exchange) => isRefusedDelivery(probe, exchange) && !isShed(check, exchange),
  );
  if (refused === undefined) return verdict;
  const known = knowledgeOf(probe).explanations.length;
  const explanation = await explainRefusal(probe, refused);
  if (explanation === null) return verdict;
  const { cause } = explanation;
  if (knowledgeOf(probe).explanations.length === known) {
    return verdict.status === 'pass' ? verdict : notTested(`An event was refused. ${cause}`);
  }
  return failRefused(refused, explanation);
};

/** @param verdict as the check gave it; one with a cause of its own stays as it is */
export const explainVerdict = async (
  probe: Probe,
  check: ActiveCheck,
  verdict: Verdict,
): Promise<Verdict> => {
  if (verdict.status === 'fail' && verdict.key === undefined && FORGING.has(check.stage)) {
    const failure = await explainForgeries(probe, check.id, verdict);
    if (failure.key !== undefined) return failure;
  }
  if (!isExplained(check) || 'gate' in STAGES[check.stage]) return verdict;
  if (isBlind(check, verdict)) return explainHidden(probe, check, verdict);
  if (verdict.status !== 'fail' || verdict.diagnosis !== undefined) return verdict;
  return (await withCauseOfEffects(probe, verdict)) ?? withCause(probe, verdict);
};
