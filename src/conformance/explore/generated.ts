/**
 * Sends generated events, a class of input in every field, and judges how the receiver treats them.
 *
 * @module
 */
import { EVENT_TYPES, type EventType } from '../../../schemas/contract.ts';
import type { Level, Verdict } from '../check.ts';
import { caseOfEvent } from '../experiments/case-of-event.ts';
import { explainCase } from '../experiments/explain-case.ts';
import { knowledgeOf, type Explanation } from '../experiments/knowledge.ts';
import { isTakenForRepeat, TAKEN_FOR_REPEAT } from '../experiments/taken-for-repeat.ts';
import {
  tryControls,
  tryEvents,
  type Controls,
  type Flaw,
  type Trial,
} from '../experiments/trial.ts';
import type { Probe } from '../probe/probe.ts';
import { fail, notTested, pass } from '../verdict.ts';
import { eventOf, valuesOf, type Case } from './case.ts';
import { sharedCases, singleCases } from './pack.ts';
import { randomCases } from './random-values.ts';

/** Causes that one check reports at most: more are more of the same. */
const MAX_CAUSES = 3;
/** Time for the events of one check: the most for those that matter most. Milliseconds. */
const BUDGET_MS: Readonly<Record<Level, number>> = { MUST: 1000, SHOULD: 500, INFO: 250 };
const THOROUGH_FACTOR = 20;
/** However slow the receiver is: as many as are on their way at a time. */
const MIN_EVENTS = 6;
/** Events between two looks at the time, at most. */
const MAX_BATCH = 48;
/** A busy machine gets this much more time to see each class once. */
const GRACE_FACTOR = 4;
/** More refused events than this tell nothing new. */
const MAX_FLAWED = 60;
const RANDOM_CASES = { usual: 40, thorough: 2000 } as const;

interface Sweep {
  readonly tried: number;
  readonly flawed: readonly { readonly one: Case; readonly trial: Trial }[];
}

const remember = (probe: Probe, { type }: Case, { event }: Trial): void => {
  for (const { field, value } of valuesOf(type, event)) {
    knowledgeOf(probe).observe(type, field.name, { value, isBad: false, level: 'MUST' });
  }
};

interface Plan {
  readonly cases: readonly Case[];
  /** As many of them have seen every class once. */
  readonly least: number;
}

/** Send case after case until the time is up. */
const sweep = async (
  probe: Probe,
  level: Level,
  { cases, least }: Plan,
  controls: Controls,
): Promise<Sweep> => {
  const begun = probe.wall.now();
  const budgetMs = BUDGET_MS[level] * (probe.thorough ? THOROUGH_FACTOR : 1);
  const flawed: { one: Case; trial: Trial }[] = [];
  let tried = 0;
  for (let size = MIN_EVENTS; tried < cases.length;) {
    const batch = cases.slice(tried, tried + size);
    const events = batch.map((one) => eventOf(probe, one));
    const trials = await tryEvents(probe, events, controls.interests);
    tried += batch.length;
    for (const [place, trial] of trials.entries()) {
      const one = batch[place]!;
      if (trial.flaw !== null) flawed.push({ one, trial });
      else if (!trial.isUnclear) remember(probe, one, trial);
    }
    const spentMs = probe.wall.now() - begun;
    const limitMs = tried < least ? GRACE_FACTOR * budgetMs : budgetMs;
    if (spentMs > limitMs || flawed.length >= MAX_FLAWED) break;
    const eventMs = spentMs / tried;
    size = Math.max(MIN_EVENTS, Math.min(MAX_BATCH, Math.floor((limitMs - spentMs) / eventMs)));
  }
  return { tried, flawed };
};

const ROUNDS = 2;

/** Whether the case shows its fault again and again, one at a time, while the plain event between does not. */
const isRepeatable = async (probe: Probe, one: Case, flaw: Flaw, { interests }: Controls) => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const [plain] = await tryEvents(probe, [probe.event(one.type)], interests);
    if (plain?.flaw !== null || plain.isUnclear) return false;
    const [again] = await tryEvents(probe, [eventOf(probe, one)], interests);
    if (again?.flaw !== flaw) return false;
  }
  return true;
};

/** Whether what is known explains this event wholly: without what decides, it is treated as it should be. */
const isExplained = async (
  probe: Probe,
  { one, trial }: Sweep['flawed'][number],
  controls: Controls,
): Promise<Explanation | null> => {
  if (trial.flaw === null) return null;
  const known = knowledgeOf(probe).explanationOf(trial.event, trial.flaw);
  if (known?.without == null) return known;
  const [rest] = await tryEvents(probe, [known.without(eventOf(probe, one))], controls.interests);
  return rest?.flaw == null ? known : null;
};

const explainAll = async (
  probe: Probe,
  flawed: Sweep['flawed'],
  controls: Controls,
): Promise<readonly Explanation[]> => {
  const found = new Map<string, Explanation>();
  for (const item of flawed) {
    if (found.size >= MAX_CAUSES) break;
    const { one, trial } = item;
    const known = await isExplained(probe, item, controls);
    if (known !== null) {
      found.set(known.key, known);
      continue;
    }
    const flaw = trial.flaw!;
    if (!(await isRepeatable(probe, one, flaw, controls))) continue;
    const control = controls.accepted.get(one.type)!;
    const scene = { probe, flaw, interests: controls.interests, control };
    const explanation = await explainCase(scene, one);
    if (explanation === null) continue;
    knowledgeOf(probe).add(explanation);
    if (!found.has(explanation.key)) found.set(explanation.key, explanation);
  }
  return [...found.values()];
};

const LEVELS: readonly Level[] = ['MUST', 'SHOULD', 'INFO'];

/** One finding: the cause at the highest level first, the others named behind it. */
const failFor = (causes: readonly Explanation[], tried: number): Verdict => {
  const [first, ...others] = causes.toSorted(
    (one, other) => LEVELS.indexOf(one.level) - LEVELS.indexOf(other.level),
  );
  const { key, level, cause, evidence, fix, exchanges } = first!;
  const more = others.map((other) => `Besides: ${other.cause}`);
  return fail({
    key,
    level,
    expected: ['a 2xx and one effect of each event'],
    actual: `${[first!, ...others].map(({ cause: text }) => text.replace(/\.$/, '')).join('; ')} (${tried} generated events)`,
    diagnosis: [cause, evidence, ...more].join(' '),
    ...(fix === null ? {} : { fix }),
    exchanges,
  });
};

/** A receiver that acts on known leads only may ignore any other address. */
const withoutLead = (one: Case): Case => ({
  ...one,
  changes: one.changes.filter(
    ({ field }) => field.name !== 'lead_email' && field.name !== 'lead_id',
  ),
});

/** Saved cases first, then every class of the level, then random combinations. */
const planFor = (probe: Probe, level: Level): Plan => {
  const seed = Math.floor(probe.random() * 0x7fff_ffff);
  const isFirst = level === 'MUST';
  const saved = probe.examples
    .filter(({ event }) => (EVENT_TYPES as readonly string[]).includes(event))
    .map((event) => caseOfEvent(probe, event.event as EventType, event));
  const shared = [...(isFirst ? saved : []), ...sharedCases(level, probe.random)];
  const random = probe.thorough ? RANDOM_CASES.thorough : RANDOM_CASES.usual;
  return {
    cases: [
      ...shared,
      ...singleCases(level, probe.random),
      ...(isFirst ? randomCases(random, seed) : []),
    ],
    least: shared.length,
  };
};

/** Send every input class of a level, and report what decides where an event is refused or has no effect. */
export const judgeGenerated = async (probe: Probe, level: Level): Promise<Verdict> => {
  const controls = await probe.memory.once('controls', () => tryControls(probe));
  const plan = planFor(probe, level);
  const usable = plan.cases.filter(({ type }) => controls.accepted.has(type));
  const cases = probe.leadEmail === null ? usable : usable.map(withoutLead);
  if (cases.length === 0) return notTested('No plain event of any type is accepted.');
  const { tried, flawed } = await sweep(probe, level, { ...plan, cases }, controls);
  return knowledgeOf(probe).inTurn(async () => {
    const lost = flawed.find(({ trial }) => trial.flaw === 'lost');
    const isRepeat =
      lost !== undefined && (await isTakenForRepeat(probe, lost.one.type, controls.interests));
    const left = isRepeat ? flawed.filter(({ trial }) => trial.flaw !== 'lost') : flawed;
    const causes = await explainAll(probe, left, controls);
    if (causes.length > 0) return failFor(causes, tried);
    return isRepeat ? notTested(TAKEN_FOR_REPEAT) : pass(`${tried} generated events`);
  });
};
