/**
 * One check, from its verdict to its line in the report.
 *
 * @module
 */
import { areaOf, isActive, STAGES, type Check, type Level, type Verdict } from '../check.ts';
import type { Exchange } from '../net/exchange.ts';
import type { Signing } from '../probe/signing.ts';
import { YOURS, type Redactor } from '../redact/redact.ts';
import { reportExchange, type CheckResult } from '../report.ts';
import { reproduce } from './reproduce.ts';
import { isAccepted } from '../verdict.ts';

/** Exchanges that a report keeps of one check: the last ones, where the fault is. Of a pass, one shows as much. */
const MAX_EXCHANGES = { fail: 8, others: 2 } as const;

export interface Ran {
  readonly verdict: Verdict;
  readonly exchanges: readonly Exchange[];
  readonly durationMs: number;
}

export interface Shown {
  readonly redactor: Redactor;
  readonly signing: Signing;
  /** Any TLS certificate was taken. */
  readonly insecure: boolean;
  /** A command that makes one check again. */
  readonly rerun?: ((id: string) => string) | undefined;
}

const blank = { reason: null, expected: [], actual: null, diagnosis: null, fix: null } as const;

type Told = Pick<CheckResult, 'reason' | 'expected' | 'actual' | 'diagnosis' | 'fix'>;

const toldBy = (check: Check, verdict: Ran['verdict']): Told => {
  switch (verdict.status) {
    case 'pass':
      return { ...blank, reason: verdict.note ?? null };
    case 'fail': {
      const { expected, actual, diagnosis = check.cause, fix = check.fix } = verdict;
      return { reason: null, expected, actual, diagnosis, fix };
    }
    case 'not_tested':
    case 'error':
      return { ...blank, reason: verdict.reason };
  }
};

/** A command with a gap in it is none, unless it is one that the user can fill. */
const withoutSecrets = (command: string, { redactor }: Shown): string | null => {
  const gaps = redactor.find(command).filter((label) => !label.startsWith(YOURS));
  return gaps.length === 0 ? redactor.apply(command) : null;
};

/** Whether to send this again is to see the fault again. */
const showsIt = (check: Check, exchange: Exchange): boolean => {
  const { oneShows } = isActive(check) ? STAGES[check.stage] : { oneShows: 'fault' };
  return oneShows === 'fault' || (oneShows === 'refusal' && !isAccepted(exchange));
};

/** The last request by itself where that is enough, or else the check. */
const reproduction = (check: Check, exchanges: readonly Exchange[], shown: Shown) => {
  const { signing, insecure, rerun } = shown;
  const last = exchanges.at(-1);
  const request = last === undefined ? null : reproduce(last, signing, { insecure });
  const single = request === null ? null : withoutSecrets(request, shown);
  if (single !== null && last !== undefined && showsIt(check, last)) return single;
  return rerun === undefined ? single : withoutSecrets(rerun(check.id), shown);
};

const GRAVEST: readonly Level[] = ['MUST', 'SHOULD', 'INFO'];

/** A verdict can make a check's level less grave, never more. */
const levelOf = ({ level }: Check, verdict: Verdict): Level => {
  const seen = verdict.status === 'fail' ? (verdict.level ?? level) : level;
  return GRAVEST.indexOf(seen) > GRAVEST.indexOf(level) ? seen : level;
};

/** The line of a check in the report, with everything secret taken out. */
export const toResult = (check: Check, ran: Ran, shown: Shown): CheckResult => {
  const { verdict, durationMs } = ran;
  const redact = (text: string): string => shown.redactor.apply(text);
  const orNull = (text: string | null): string | null => (text === null ? null : redact(text));
  const failed = verdict.status === 'fail';
  const exchanges = (verdict.status === 'fail' ? verdict.exchanges : undefined) ?? ran.exchanges;
  const told = toldBy(check, verdict);
  return {
    id: check.id,
    area: areaOf(check),
    level: levelOf(check, verdict),
    title: check.title,
    requirement: `${check.requirement.text} (${check.requirement.source})`,
    status: verdict.status,
    duration_ms: Math.round(durationMs),
    reason: orNull(told.reason),
    expected: told.expected.map(redact),
    cut_off: verdict.status === 'not_tested' ? (verdict.cutOff ?? null) : null,
    actual: orNull(told.actual),
    diagnosis: orNull(told.diagnosis),
    fix: orNull(told.fix),
    reproduce: failed ? reproduction(check, exchanges, shown) : null,
    exchanges: exchanges
      .slice(-(failed ? MAX_EXCHANGES.fail : MAX_EXCHANGES.others))
      .map((one) => reportExchange(one, shown.redactor.apply)),
  };
};
