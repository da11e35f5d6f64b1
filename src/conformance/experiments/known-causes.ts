/**
 * Causes that the experiments of a run have shown, by symptom: a check that sees the same symptom later names the same
 * cause, so that one fault is one finding.
 *
 * @module
 */
import type { Symptom, Verdict } from '../check.ts';
import type { Exchange } from '../net/exchange.ts';
import type { Event } from '../probe/event-maker.ts';
import type { Probe } from '../probe/probe.ts';
import { isAccepted } from '../verdict.ts';

/** What an experiment says of a symptom. */
export interface NamedCause {
  /** Stable and comparable. */
  readonly key: string;
  readonly sentence: string;
  readonly fix: string;
}

/** Key of the cause that an event has no effect because of its time. */
export const LOST_BY_AGE = 'lost:timestamp:age';

/** Key of the cause that an event has no effect because its sender closed the connection. */
export const LOST_WITH_SENDER = 'lost:sender-gave-up';

/** Key of the cause that a further open of an e-mail is ignored. */
export const SECOND_OPEN = 'state:open_count:second';

/** Beginning of the keys of circumstances that decide which plain events fail. */
export const CIRCUMSTANCE_KEY = 'intermittent:';

/** Key of the cause that a receiver closes connections beyond a number. */
export const CONNECTION_LIMIT = 'http:connection-limit';

/** Key of refusals that nothing decides. */
export const BY_CHANCE = `${CIRCUMSTANCE_KEY}now-and-then`;

type Run = Pick<Probe, 'signing'>;

/** By what a run has only one of. */
const known = new WeakMap<Probe['signing'], Map<Symptom, NamedCause>>();

/** The first cause of a symptom stays: experiments go from the simple to the complex. */
export const rememberCause = ({ signing }: Run, symptom: Symptom, cause: NamedCause): void => {
  const causes = known.get(signing) ?? new Map<Symptom, NamedCause>();
  if (!causes.has(symptom)) causes.set(symptom, cause);
  known.set(signing, causes);
};

/** A forgery that was accepted or took effect: the most severe finding. */
export const failForged = (
  run: Run,
  failure: Omit<Extract<Verdict, { status: 'fail' }>, 'status' | 'symptom'> & {
    readonly key: string;
    readonly diagnosis: string;
  },
): Verdict => {
  const { key, diagnosis: sentence, fix = '' } = failure;
  rememberCause(run, 'forged', { key, sentence, fix });
  return { status: 'fail', symptom: 'forged', ...failure };
};

/** The cause of a symptom that an experiment of this run has shown, or null. */
export const knownCause = ({ signing }: Run, symptom: Symptom): NamedCause | null =>
  known.get(signing)?.get(symptom) ?? null;

export const knowsCause = (run: Run, symptom: Symptom): boolean =>
  knownCause(run, symptom) !== null;

const isValidEvent = (body: Uint8Array): boolean => {
  try {
    const { id, event, data } = JSON.parse(Buffer.from(body).toString('utf8')) as Partial<Event>;
    const isObject = typeof data === 'object' && (data as unknown) !== null && !Array.isArray(data);
    return typeof id === 'string' && typeof event === 'string' && isObject;
  } catch {
    return false;
  }
};

/** A valid event with the correct signature, and it was not accepted. */
const isRefusedEvent = ({ signing }: Run, exchange: Exchange): boolean => {
  const { headers, body } = exchange.request;
  const isSigned = headers.some(([, value]) => value === signing.valid(body));
  return isSigned && !isAccepted(exchange) && isValidEvent(body);
};

/** Causes that strike any event: what another check has said of an event that was lost meanwhile is an accident. */
const LOSES_ANY =
  /^(sequence:lost:together|lost:(overtaken|close-together|in-parallel|given-up|by-number|by-rate|after-kill)|intermittent:same-timestamp)/;
/** The same of an event that was refused. */
const REFUSES_ANY =
  /^(sequence:refused:digest|refused:(by-number|by-rate|after-forgeries|after-kill)|intermittent:(same-timestamp|now-and-then)|http:connection-limit|state:after-crowd|hang:permanent)/;

type Failure = Extract<Verdict, { status: 'fail' }>;

const withGeneralCause = (
  run: Run,
  verdict: Failure,
  shown: readonly Exchange[],
  causes: ReadonlyMap<Symptom, NamedCause>,
): Verdict => {
  const { symptom, key = '' } = verdict;
  const [loss, refusal] = [causes.get('lost'), causes.get('refused')];
  const use = ({ key: by, sentence, fix }: NamedCause): Verdict =>
    by === key ? verdict : { ...verdict, key: by, diagnosis: sentence, fix };
  const isRefusal = (): boolean => shown.some((one) => isRefusedEvent(run, one));
  if (refusal !== undefined && REFUSES_ANY.test(refusal.key) && isRefusal()) return use(refusal);
  // An event that is lost changes no lead either.
  const isOfLoss = symptom === 'lost' || symptom === 'state' || /^(lost|state):/.test(key);
  return isOfLoss && loss !== undefined && LOSES_ANY.test(loss.key) ? use(loss) : verdict;
};

/**
 * @param exchanges of the check, where its verdict names none
 * @returns the verdict, with the cause that an experiment has shown of its symptom
 */
export const withKnownCause = (
  run: Run,
  verdict: Verdict,
  exchanges: readonly Exchange[],
): Verdict => {
  const causes = known.get(run.signing);
  if (verdict.status !== 'fail' || causes === undefined) return verdict;
  const shown = verdict.exchanges ?? exchanges;
  const general = withGeneralCause(run, verdict, shown, causes);
  if (general !== verdict || verdict.key !== undefined) return general;
  const isRefusal = (): boolean =>
    causes.has('refused') && shown.some((one) => isRefusedEvent(run, one));
  const symptom = verdict.symptom ?? (isRefusal() ? 'refused' : undefined);
  if (symptom === undefined) return verdict;
  // An event that is lost changes no lead either; a state that is wrong in one way says nothing of another.
  const cause = causes.get(symptom === 'state' ? 'lost' : symptom);
  if (cause === undefined) return verdict;
  return { ...verdict, key: cause.key, diagnosis: cause.sentence, fix: cause.fix };
};
