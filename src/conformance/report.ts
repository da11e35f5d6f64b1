/**
 * The report of a run, in the shape of the JSON report: plain data without secrets.
 *
 * @module
 */
import { inDigitGroups } from '../domain/digit-groups.ts';
import type { Area, CutOff, Level } from './check.ts';
import type { Need } from './needs.ts';
import type { Exchange, Reply, SentRequest } from './net/exchange.ts';

export type CheckStatus = 'pass' | 'fail' | 'not_tested' | 'error';

export interface ReportedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Number of further headers that were omitted. */
  readonly headers_left_out: number;
  /** The body as UTF-8; if truncated, it ends with a note. Null if it is not UTF-8: then see `body_base64`. */
  readonly body: string | null;
  /** The exact bytes if the body is not UTF-8. */
  readonly body_base64: string | null;
  readonly body_bytes: number;
  /** How the bytes were sent, if not in one piece by an HTTP client. */
  readonly manner: string | null;
}

export interface ReportedResponse {
  /** Null without a response. */
  readonly status: number | null;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly headers_left_out: number;
  /** If truncated, it ends with a note. */
  readonly body: string | null;
  /** Why there was no response; null if there was one. */
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
  /** The rule of the contract and its source. */
  readonly requirement: string;
  readonly status: CheckStatus;
  readonly duration_ms: number;
  /** Why the check was not tested or could not run, or a remark on a pass; null otherwise. */
  readonly reason: string | null;
  /** Why the run ended before this check did; null otherwise. */
  readonly cut_off: CutOff | null;
  /** What would make the check testable; null if it was tested, or for another reason. */
  readonly needs: Need | null;
  readonly expected: readonly string[];
  readonly actual: string | null;
  readonly diagnosis: string | null;
  readonly fix: string | null;
  /** A shell command that reproduces the finding; it reads the secret from `$SENDEMALL_MOCK_SECRET`. */
  readonly reproduce: string | null;
  /** A command that reruns this check; null if the caller has none. */
  readonly rerun: string | null;
  /** A command that prints the page of this check; null if the caller has none. */
  readonly explain: string | null;
  /** Ids of the failed checks that the cause of this finding explains. They are not tested. */
  readonly decides: readonly string[];
  /** Whether a forged event took effect: the most severe of all findings. */
  readonly forgery_took_effect: boolean;
  /** The last lines that the receiver's own process wrote before it crashed; null if they are not known. */
  readonly log: string | null;
  readonly exchanges: readonly ReportedExchange[];
}

/**
 * - `conformant`: every MUST of the catalogue passed.
 * - `passed`: nothing failed that counts, but not every MUST was tested, or the baseline accepts a failure of one.
 * - `not_conformant`: a failure counts.
 * - `inconclusive`: no failure counts, and the run could not learn enough to pass.
 */
export type RunVerdict = 'conformant' | 'passed' | 'not_conformant' | 'inconclusive';

export interface Summary {
  readonly passed: number;
  /** Failures of level MUST. */
  readonly failed: number;
  /** Failures of level SHOULD. */
  readonly warned: number;
  /** Failures of level INFO: reported, never scored. */
  readonly noted: number;
  /** Failures listed in the baseline; not included in the counts above. */
  readonly known: number;
  /** Failures that another finding explains; not included in the counts above and below. */
  readonly explained: number;
  readonly not_tested: number;
  /** MUST checks of the whole catalogue that were not tested, because of this run or because they were not selected. */
  readonly musts_not_tested: number;
  /** Checks that could not run. */
  readonly errored: number;
  readonly verdict: RunVerdict;
}

/** A baseline entry: an accepted failure. */
export interface KnownFailure {
  readonly id: string;
  readonly reason: string;
}

/** The baseline entries whose checks ran, by result. */
export interface BaselineResult {
  /** Entries that still fail. */
  readonly known: readonly KnownFailure[];
  /** Entries that pass now and must be removed. */
  readonly stale: readonly KnownFailure[];
}

/** Where a run ended early. */
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
  /** Set if the run ended before every check was reached. */
  readonly cut_off: RunCutOff | null;
  readonly fail_on: FailOn;
  /** URL of the documentation, without a slash at its end; the page of a check is at `/checks/<id>`. */
  readonly docs_url: string;
  readonly summary: Summary;
  /** How to test more, as a phrase such as "pass hooks.effects to test 14 more"; null if no hook is missing. */
  readonly next_step: string | null;
  /** Null without a baseline. */
  readonly baseline: BaselineResult | null;
  /** In the catalogue's order. */
  readonly checks: readonly CheckResult[];
}

/** Minimum level of a failure that makes the receiver not conformant. */
export type FailOn = 'must' | 'should';

/** Whether a result of this level decides the verdict. */
export const isCounted = (level: Level, failOn: FailOn): boolean =>
  level === 'MUST' || (level === 'SHOULD' && failOn === 'should');

/** Truncation limits of a body, and of one header value. */
export const MAX_BODY_BYTES = 4096;
const MAX_HEADER_VALUE_BYTES = 1024;
/** Truncation limit of all headers of a message together, including names. */
const MAX_HEADERS_BYTES = 4096;

/** Replace all secrets in a text, truncated to `maxCharacters`. */
type Redact = (text: string, maxCharacters?: number) => string;

const inBytes = inDigitGroups;

/** Number of characters at the beginning of `text` that fit into `maxBytes` of UTF-8. */
const charactersIn = (text: string, maxBytes: number): number => {
  const start = text.slice(0, maxBytes);
  if (Buffer.byteLength(start) <= maxBytes) return start.length;
  return Buffer.from(start)
    .toString('utf8', 0, maxBytes)
    .replace(/\uFFFD$/, '').length;
};

/** @param totalBytes size of the whole body, of which `text` may be the beginning; null if unknown */
const shorten = (
  text: string,
  redact: Redact,
  maxBytes = MAX_BODY_BYTES,
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

interface TruncatedHeaders {
  readonly headers: Pairs;
  readonly leftOut: number;
}

/** The first headers, as many as fit, each value truncated. */
const truncateHeaders = (pairs: Pairs, redact: Redact): TruncatedHeaders => {
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

/** Truncation limit of a binary body. */
const MAX_BINARY_BYTES = 3000;

const reportRequest = (request: SentRequest, redact: Redact): ReportedRequest => {
  const text = textOf(request.body);
  const { headers, leftOut } = truncateHeaders(request.headers, redact);
  return {
    method: request.method,
    url: shorten(request.url, redact),
    headers,
    headers_left_out: leftOut,
    body: text === null ? null : shorten(text, redact),
    body_base64:
      text === null
        ? Buffer.from(request.body).subarray(0, MAX_BINARY_BYTES).toString('base64')
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
  const { headers, leftOut } = truncateHeaders(reply.headers, redact);
  return {
    status: reply.status,
    headers,
    headers_left_out: leftOut,
    body: shorten(reply.body, redact, MAX_BODY_BYTES, reply.totalBytes),
    error: null,
    duration_ms,
  };
};

/** Convert an exchange for the report: without secrets, and truncated to a few kilobytes. */
export const reportExchange = ({ request, reply }: Exchange, redact: Redact): ReportedExchange => ({
  request: reportRequest(request, redact),
  response: reportResponse(reply, redact),
});
