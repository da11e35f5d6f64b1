/**
 * What a run found, in the shape of the JSON report: plain data, nothing secret in it.
 *
 * @module
 */
import type { Area, CutOff, Level } from './check.ts';
import type { Exchange, Reply, SentRequest } from './net/exchange.ts';

export type CheckStatus = 'pass' | 'fail' | 'not_tested' | 'error';

export interface ReportedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Headers that came after those above, and are not kept. */
  readonly headers_left_out: number;
  /** As UTF-8, shortened when long, and then it says so at its end; what is not UTF-8 is in `body_base64` alone. */
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
  readonly headers_left_out: number;
  /** Shortened when long, and then it says so at its end. */
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
  /** The run ended before this check did, and why; null otherwise. */
  readonly cut_off: CutOff | null;
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

/** Where a run was cut off. */
export interface RunCutOff {
  readonly by: CutOff;
  /** Milliseconds; null without a budget. */
  readonly budget_ms: number | null;
  /** Checks that have a result. */
  readonly reached: number;
  readonly total: number;
}

export interface Report {
  readonly tool: { readonly name: string; readonly version: string };
  readonly target: string;
  /** RFC 3339. */
  readonly started_at: string;
  readonly duration_ms: number;
  readonly seed: number;
  readonly interrupted: boolean;
  /** The run ended before every check was reached; null otherwise. */
  readonly cut_off: RunCutOff | null;
  readonly fail_on: FailOn;
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

export interface SummaryOptions {
  readonly failOn: FailOn;
  readonly baseline?: BaselineResult | null;
  /** Whether a check was selected, and not only added to prepare others. */
  readonly wasAsked?: (id: string) => boolean;
  /** Whether a check validates a hook that was given. */
  readonly isVoucher?: (id: string) => boolean;
  /** Why the run ended early; null when it did not. */
  readonly cutOff?: CutOff | null;
}

/** Whether a result of this level decides the verdict. */
export const isCounted = (level: Level, failOn: FailOn): boolean =>
  level === 'MUST' || (level === 'SHOULD' && failOn === 'should');

/**
 * The verdict of a run that was cut off: a failure that counts stands. Without one, an interrupted run is
 * inconclusive; so is a run whose budget was spent before every check that counts had a result.
 */
const isUnfinished = (
  checks: readonly CheckResult[],
  { failOn, cutOff = null, wasAsked = () => true }: SummaryOptions,
): boolean =>
  cutOff === 'interruption' ||
  checks.some(
    ({ id, level, cut_off: by }) => by !== null && wasAsked(id) && isCounted(level, failOn),
  );

export const summarise = (checks: readonly CheckResult[], options: SummaryOptions): Summary => {
  const { failOn, baseline = null, wasAsked = () => true, isVoucher = () => false } = options;
  const isKnown = ({ id }: CheckResult): boolean =>
    baseline?.known.some((entry) => entry.id === id) ?? false;
  const failing = checks.filter((check) => check.status === 'fail' && !isKnown(check));
  const failed = count(failing, ({ level }) => level === 'MUST');
  const warned = count(failing, ({ level }) => level === 'SHOULD');
  const passed = count(checks, ({ status }) => status === 'pass');
  const errored = count(checks, ({ status }) => status === 'error');
  const bad = count(failing, ({ level }) => isCounted(level, failOn));
  // Checks that were only added to prepare others say nothing about what was asked.
  const learnt = checks.some(
    ({ id, status }) => (status === 'pass' || status === 'fail') && wasAsked(id),
  );
  // A hook that was given and is unreliable leaves most of what it was given for untested: not a pass.
  const blind = checks.some(({ id, status }) => isVoucher(id) && status !== 'pass');
  const unclear = errored > 0 || !learnt || blind || isUnfinished(checks, options);
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

/** Of a body, and of one header's value, a report keeps so many bytes. */
export const MAX_SHOWN_BYTES = 4096;
const MAX_HEADER_VALUE_BYTES = 1024;
/** Of all headers of a request or a response together, names included. */
const MAX_HEADERS_BYTES = 4096;

/** Takes everything secret out of a text; of one longer than `most`, it gives the beginning. */
type Redact = (text: string, most?: number) => string;

const inBytes = (bytes: number): string => bytes.toLocaleString('en');

/** As many characters as fit into so many bytes. */
const charactersIn = (text: string, maxBytes: number): number => {
  const start = text.slice(0, maxBytes);
  if (Buffer.byteLength(start) <= maxBytes) return start.length;
  return Buffer.from(start)
    .toString('utf8', 0, maxBytes)
    .replace(/\uFFFD$/, '').length;
};

/** @param totalBytes of which `text` may be the beginning; null when nobody knows how many there were */
const shorten = (
  text: string,
  redact: Redact,
  maxBytes = MAX_SHOWN_BYTES,
  totalBytes: number | null = Buffer.byteLength(text),
): string => {
  const heldBytes = Buffer.byteLength(text);
  if (heldBytes <= maxBytes && totalBytes !== null && totalBytes <= heldBytes) return redact(text);
  const kept = charactersIn(text, maxBytes);
  const keptBytes = Buffer.byteLength(text.slice(0, kept));
  const total = totalBytes === null ? `at least ${inBytes(heldBytes)}` : inBytes(totalBytes);
  return `${redact(text, kept)}… (first ${inBytes(keptBytes)} of ${total} bytes)`;
};

type Pairs = readonly (readonly [name: string, value: string])[];

interface ShownHeaders {
  readonly headers: Pairs;
  readonly leftOut: number;
}

/** The first headers, as many as fit, each shortened. */
const shownHeaders = (pairs: Pairs, redact: Redact): ShownHeaders => {
  const headers: (readonly [string, string])[] = [];
  let bytes = 0;
  for (const [name, value] of pairs) {
    const line = [
      shorten(name, redact, MAX_HEADER_VALUE_BYTES),
      shorten(value, redact, MAX_HEADER_VALUE_BYTES),
    ] as const;
    bytes += Buffer.byteLength(line[0]) + Buffer.byteLength(line[1]);
    if (bytes > MAX_HEADERS_BYTES) break;
    headers.push(line);
  }
  return { headers, leftOut: pairs.length - headers.length };
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

const reportRequest = (request: SentRequest, redact: Redact): ReportedRequest => {
  const text = textOf(request.body);
  const { headers, leftOut } = shownHeaders(request.headers, redact);
  return {
    method: request.method,
    url: shorten(request.url, redact),
    headers,
    headers_left_out: leftOut,
    body: text === null ? null : shorten(text, redact),
    body_base64:
      text === null
        ? Buffer.from(request.body).subarray(0, KEPT_BINARY_BYTES).toString('base64')
        : null,
    body_bytes: request.body.length,
    manner: request.manner,
  };
};

const reportResponse = (reply: Reply, redact: Redact): ReportedResponse => {
  const duration_ms = Math.round(reply.durationMs);
  if (reply.kind === 'none') {
    return {
      status: null,
      headers: [],
      headers_left_out: 0,
      body: null,
      error: reply.message,
      duration_ms,
    };
  }
  const { headers, leftOut } = shownHeaders(reply.headers, redact);
  return {
    status: reply.status,
    headers,
    headers_left_out: leftOut,
    body: shorten(reply.body, redact, MAX_SHOWN_BYTES, reply.totalBytes),
    error: null,
    duration_ms,
  };
};

/** An exchange as it may be shown: without secrets, and never longer than a few kilobytes. */
export const reportExchange = ({ request, reply }: Exchange, redact: Redact): ReportedExchange => ({
  request: reportRequest(request, redact),
  response: reportResponse(reply, redact),
});
