/**
 * What a run found, in the shape of the JSON report: plain data, nothing secret in it.
 *
 * @module
 */
import type { Area, Level } from './check.ts';
import type { Exchange } from './probe/exchange.ts';

export type CheckStatus = 'pass' | 'fail' | 'not_tested' | 'error';

export interface ReportedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** As UTF-8, shortened when long; what is not UTF-8 is in `body_base64` alone. */
  readonly body: string | null;
  /** The exact bytes, when `body` does not tell them. */
  readonly body_base64: string | null;
  readonly body_bytes: number;
  /** How the bytes went out, when not in one piece by an HTTP client. */
  readonly manner: string | null;
}

export interface ReportedResponse {
  /** Null when there was no answer. */
  readonly status: number | null;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string | null;
  /** Why there was no answer. */
  readonly error: string | null;
  readonly duration_ms: number;
}

export interface ReportedExchange {
  readonly request: ReportedRequest;
  readonly response: ReportedResponse;
}

export interface CheckResult {
  readonly id: string;
  readonly area: Area;
  readonly level: Level;
  readonly title: string;
  /** What the contract says, and where. */
  readonly requirement: string;
  readonly status: CheckStatus;
  readonly duration_ms: number;
  /** Why it was not tested, what went wrong in the suite, or a remark on a pass; null otherwise. */
  readonly reason: string | null;
  readonly expected: readonly string[];
  readonly actual: string | null;
  readonly diagnosis: string | null;
  readonly fix: string | null;
  /** A command that shows the fault again; it reads the secret from `$SENDEMALL_MOCK_SECRET`. */
  readonly reproduce: string | null;
  readonly exchanges: readonly ReportedExchange[];
}

export type RunVerdict = 'conformant' | 'not_conformant' | 'inconclusive';

export interface Summary {
  readonly passed: number;
  /** MUST. */
  readonly failed: number;
  /** SHOULD. */
  readonly warned: number;
  /** INFO: told, never scored. */
  readonly noted: number;
  /** Failures that the baseline names; in none of the counts above. */
  readonly known: number;
  readonly not_tested: number;
  /** The suite's own trouble. */
  readonly errored: number;
  readonly verdict: RunVerdict;
}

/** A failure that is let pass. */
export interface KnownFailure {
  readonly id: string;
  readonly reason: string;
}

/** What became of the entries of a baseline, of those whose checks have been run. */
export interface BaselineResult {
  /** They still fail. */
  readonly known: readonly KnownFailure[];
  /** They pass by now: take them out. */
  readonly stale: readonly KnownFailure[];
}

export interface Report {
  readonly tool: { readonly name: string; readonly version: string };
  readonly target: string;
  /** RFC 3339. */
  readonly started_at: string;
  readonly duration_ms: number;
  readonly seed: number;
  readonly interrupted: boolean;
  readonly summary: Summary;
  /** Null without one. */
  readonly baseline: BaselineResult | null;
  /** In the catalogue's order. */
  readonly checks: readonly CheckResult[];
}

/** From which level on a failure makes the receiver not conformant. */
export type FailOn = 'must' | 'should';

const count = (checks: readonly CheckResult[], fits: (check: CheckResult) => boolean): number =>
  checks.filter(fits).length;

export const summarise = (
  checks: readonly CheckResult[],
  failOn: FailOn,
  baseline: BaselineResult | null = null,
  wasAsked: (id: string) => boolean = () => true,
  isVoucher: (id: string) => boolean = () => false,
): Summary => {
  const isKnown = ({ id }: CheckResult): boolean =>
    baseline?.known.some((entry) => entry.id === id) ?? false;
  const failing = checks.filter((check) => check.status === 'fail' && !isKnown(check));
  const failed = count(failing, ({ level }) => level === 'MUST');
  const warned = count(failing, ({ level }) => level === 'SHOULD');
  const passed = count(checks, ({ status }) => status === 'pass');
  const errored = count(checks, ({ status }) => status === 'error');
  const bad = failOn === 'should' ? failed + warned : failed;
  // What came along to open the way says nothing about what was asked.
  const learnt = checks.some(
    ({ id, status }) => (status === 'pass' || status === 'fail') && wasAsked(id),
  );
  // Whoever gives a hook wants to know what it shows: that most of it was not tested must not look like a pass.
  const blind = checks.some(({ id, status }) => isVoucher(id) && status !== 'pass');
  const unclear = errored > 0 || !learnt || blind;
  return {
    passed,
    failed,
    warned,
    noted: count(failing, ({ level }) => level === 'INFO'),
    known: baseline?.known.length ?? 0,
    not_tested: count(checks, ({ status }) => status === 'not_tested'),
    errored,
    verdict: bad > 0 ? 'not_conformant' : unclear ? 'inconclusive' : 'conformant',
  };
};

/** Bodies longer than this are shown shortened. */
const SHOWN_CHARACTERS = 4000;

/** Takes everything secret out of a text; of one longer than `most`, it gives the beginning. */
type Redact = (text: string, most?: number) => string;

const shorten = (text: string, redact: Redact): string => {
  const more = text.length - SHOWN_CHARACTERS;
  return more <= 0 ? redact(text) : `${redact(text, SHOWN_CHARACTERS)}… (${more} more characters)`;
};

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const textOf = (bytes: Uint8Array): string | null => {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
};

/** Binary bodies are kept up to this size. */
const KEPT_BINARY_BYTES = 3000;

/** An exchange as it may be shown. */
export const reportExchange = ({ request, reply }: Exchange, redact: Redact): ReportedExchange => {
  const text = textOf(request.body);
  const pairs = (list: readonly (readonly [string, string])[]): [string, string][] =>
    list.map(([name, value]) => [name, redact(value)]);
  return {
    request: {
      method: request.method,
      url: redact(request.url),
      headers: pairs(request.headers),
      body: text === null ? null : shorten(text, redact),
      body_base64:
        text === null
          ? Buffer.from(request.body).subarray(0, KEPT_BINARY_BYTES).toString('base64')
          : null,
      body_bytes: request.body.length,
      manner: request.manner,
    },
    response:
      reply.kind === 'answer'
        ? {
            status: reply.status,
            headers: pairs(reply.headers),
            body: shorten(reply.body, redact),
            error: null,
            duration_ms: Math.round(reply.durationMs),
          }
        : {
            status: null,
            headers: [],
            body: null,
            error: reply.message,
            duration_ms: Math.round(reply.durationMs),
          },
  };
};
