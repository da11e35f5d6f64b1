/**
 * Conversion of a verdict to its entry in the report.
 *
 * @module
 */
import { areaOf, isActive, STAGES, type Check, type Level, type Verdict } from '../check.ts';
import { describeNeedInCode, describeReason, type DescribeNeed, type Need } from '../needs.ts';
import type { Exchange } from '../net/exchange.ts';
import type { Signing } from '../probe/signing.ts';
import { YOURS, type Redactor } from '../redact/redact.ts';
import { reportExchange, type CheckResult } from '../report.ts';
import { reproduce } from './reproduce.ts';
import { isAccepted } from '../verdict.ts';

/** Maximum number of exchanges in a report entry: the last ones, which show the fault. */
const MAX_EXCHANGES = { fail: 8, others: 2 } as const;

export interface Ran {
  readonly verdict: Verdict;
  readonly exchanges: readonly Exchange[];
  readonly durationMs: number;
}

export interface ResultContext {
  readonly redactor: Redactor;
  readonly signing: Signing;
  /** Whether any TLS certificate was accepted. */
  readonly insecure: boolean;
  /** Build a command that reruns one check, or the whole run if the id is null. */
  readonly rerun?: ((id: string | null) => string) | undefined;
  /** Build a command that prints the page of a check. */
  readonly explain?: ((id: string) => string) | undefined;
  /** Wording of what a check needs; default: names of options in code. */
  readonly describeNeed?: DescribeNeed | undefined;
}

const blank = { reason: null, expected: [], actual: null, diagnosis: null, fix: null } as const;

type Details = Pick<CheckResult, 'reason' | 'expected' | 'actual' | 'diagnosis' | 'fix'>;

const detailsOf = (check: Check, verdict: Verdict, describeNeed: DescribeNeed): Details => {
  switch (verdict.status) {
    case 'pass':
      return { ...blank, reason: verdict.note ?? null };
    case 'fail': {
      const { expected, actual, diagnosis = check.cause, fix = check.fix } = verdict;
      return { reason: null, expected, actual, diagnosis, fix };
    }
    case 'not_tested':
      return { ...blank, reason: describeReason(verdict.reason, describeNeed) };
    case 'error':
      return { ...blank, reason: verdict.reason };
  }
};

/** Redact a command; null if the user could not fill in what was redacted. */
const withoutSecrets = (command: string, { redactor }: ResultContext): string | null => {
  const gaps = redactor.find(command).filter((label) => !label.startsWith(YOURS));
  return gaps.length === 0 ? redactor.apply(command) : null;
};

/** Whether resending this request reproduces the fault. */
const isReproducibleBy = (check: Check, exchange: Exchange): boolean => {
  const reproducible = isActive(check) ? STAGES[check.stage].reproducibleBySingleRequest : 'fault';
  return reproducible === 'fault' || (reproducible === 'refusal' && !isAccepted(exchange));
};

/** The command that reruns the check; null without one. A passive check judges the requests of a whole run. */
const rerunOf = (check: Check, context: ResultContext): string | null =>
  context.rerun === undefined
    ? null
    : withoutSecrets(context.rerun(isActive(check) ? check.id : null), context);

/** The command for the last request if it reproduces the fault; otherwise the command that reruns the check. */
const reproduction = (check: Check, exchanges: readonly Exchange[], context: ResultContext) => {
  const { signing, insecure } = context;
  const last = exchanges.at(-1);
  const request = last === undefined ? null : reproduce(last, signing, { insecure });
  const single = request === null ? null : withoutSecrets(request, context);
  if (single !== null && last !== undefined && isReproducibleBy(check, last)) return single;
  return context.rerun === undefined ? single : rerunOf(check, context);
};

/** What would make the check testable; null if it was tested, or for another reason. */
const needOf = (verdict: Verdict): Need | null =>
  verdict.status === 'not_tested' && typeof verdict.reason !== 'string'
    ? verdict.reason.needs
    : null;

const LEVELS_BY_SEVERITY: readonly Level[] = ['MUST', 'SHOULD', 'INFO'];

/** The level of a result: a verdict can lower the level of its check, never raise it. */
const levelOf = ({ level }: Check, verdict: Verdict): Level => {
  const seen = verdict.status === 'fail' ? (verdict.level ?? level) : level;
  return LEVELS_BY_SEVERITY.indexOf(seen) > LEVELS_BY_SEVERITY.indexOf(level) ? seen : level;
};

/** The report entry of a check, with all secrets redacted. */
export const toResult = (check: Check, ran: Ran, context: ResultContext): CheckResult => {
  const { verdict, durationMs } = ran;
  const redact = (text: string): string => context.redactor.apply(text);
  const orNull = (text: string | null): string | null => (text === null ? null : redact(text));
  const failed = verdict.status === 'fail';
  const exchanges = (verdict.status === 'fail' ? verdict.exchanges : undefined) ?? ran.exchanges;
  const details = detailsOf(check, verdict, context.describeNeed ?? describeNeedInCode);
  return {
    id: check.id,
    area: areaOf(check),
    level: levelOf(check, verdict),
    title: check.title,
    requirement: `${check.requirement.text} (${check.requirement.source})`,
    status: verdict.status,
    duration_ms: Math.round(durationMs),
    reason: orNull(details.reason),
    expected: details.expected.map(redact),
    cut_off: verdict.status === 'not_tested' ? (verdict.cutOff ?? null) : null,
    actual: orNull(details.actual),
    diagnosis: orNull(details.diagnosis),
    fix: orNull(details.fix),
    needs: needOf(verdict),
    reproduce: failed ? reproduction(check, exchanges, context) : null,
    rerun: failed ? rerunOf(check, context) : null,
    explain: failed ? (context.explain?.(check.id) ?? null) : null,
    decides: [],
    forgery_took_effect: verdict.status === 'fail' && verdict.symptom === 'forged',
    log: verdict.status === 'fail' ? orNull(verdict.log ?? null) : null,
    exchanges: exchanges
      .slice(-(failed ? MAX_EXCHANGES.fail : MAX_EXCHANGES.others))
      .map((one) => reportExchange(one, context.redactor.apply)),
  };
};
