/**
 * What a check said of a receiver, and what it sent there, as text that is the same in every run: whatever changes with
 * the time, the machine or the moment is taken out.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { CATALOGUE } from '../../src/conformance/catalogue.ts';
import { isActive, type Stage } from '../../src/conformance/check.ts';
import { createSigning } from '../../src/conformance/probe/signing.ts';
import { createRedactor } from '../../src/conformance/redact/redact.ts';
import type { CheckResult, Report, ReportedExchange } from '../../src/conformance/report.ts';
import { SECRET } from '../conformance/run-suite.ts';
import type { ModelReceiver } from '../receivers/model/receiver.ts';

/** More requests than these are not shown. */
const MOST = 12;
/** What an HTTP client decides. */
const UNTOLD = new Set(['host', 'connection', 'content-length', 'user-agent', 'accept-encoding']);

const stageOf = (id: string): Stage | null => {
  const check = CATALOGUE.find((one) => one.id === id);
  return check !== undefined && isActive(check) ? check.stage : null;
};

/** How many are sent under load, and how often one is raced, is up to the machine. */
const isCounted = (id: string): boolean => stageOf(id) !== 'load';

/** How often it is asked whether a receiver is back is, too. */
const isSteady = (id: string): boolean => isCounted(id) && stageOf(id) !== 'disturbing';

const ISO = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)/g;
/** Of the event's own time it matters how long ago it is. */
const OWN_TIME = /(?<="timestamp": ?")[^"]*/g;

const ageOf = (text: string): string => {
  const minutes = Math.round((Date.parse(text) - Date.now()) / 60_000);
  return Math.abs(minutes) < 3
    ? '<now>'
    : `<now ${minutes > 0 ? '+' : '-'} ${Math.abs(minutes)} min>`;
};

/** Without times, ports and digests. */
const still = (text: string): string =>
  text
    .replaceAll(OWN_TIME, ageOf)
    .replaceAll(ISO, '<time>')
    .replaceAll(/(127\.0\.0\.1|localhost|\[::1\]):\d+/g, '<host>')
    .replaceAll(/\b\d+(\.\d+)? ?ms\b/g, '<ms>')
    .replaceAll(/\b\d{10}(\d{3})?\b/g, '<epoch>')
    // The same again in hex.
    .replaceAll(/(?<=<epoch>[^(]*\(from that byte: )[\da-f ]+/g, '<hex>')
    .replaceAll(/[0-9a-f]{31,}/gi, (digits) => `<${digits.length} hex>`)
    .replaceAll(/[A-Za-z0-9+/_-]{40,}={0,2}/g, (digits) => `<${digits.length} of base64>`);

const cut = (text: string): string => {
  const shown = still(text);
  const hash = createHash('sha256').update(shown).digest('hex').slice(0, 8);
  return shown.length > 50 ? `${shown.slice(0, 36)}… (${hash})` : shown;
};

const tellExchange = ({ request, response }: ReportedExchange): string => {
  const { method, url, headers, body, body_base64, manner } = request;
  const { pathname, search } = new URL(url);
  const lines = headers
    .filter(([name]) => !UNTOLD.has(name.toLowerCase()))
    .map(([name, value]) => ` ${name}: ${cut(value)}`);
  const answered = response.status ?? still(response.error ?? '');
  return `${method} ${pathname}${search}${lines.join('')} | ${cut(body ?? body_base64 ?? '')} | ${manner ?? 'whole'} -> ${answered}`;
};

const numbered = (text: string, id: string): string =>
  isCounted(id) ? still(text) : still(text).replaceAll(/\d+/g, '#');

/** What the catalogue says of it, whatever was seen. */
const isUsual = (id: string, text: string): boolean =>
  CATALOGUE.some((check) => check.id === id && (check.cause === text || check.fix === text));

/** What is said: status, level, words, and the exchanges that show it. */
export const portrait = (id: string, { checks }: Report): string => {
  const describeReply = (check: CheckResult): string =>
    [
      `${check.status} ${check.level}`,
      ...(['reason', 'actual', 'diagnosis', 'fix'] as const).flatMap((field) =>
        check[field] === null || isUsual(id, check[field])
          ? []
          : [`${field}: ${numbered(check[field], id)}`],
      ),
      ...check.expected.map((one) => `expected: ${numbered(one, id)}`),
      `reproduce: ${check.reproduce === null ? 'no' : 'yes'}`,
      ...(isSteady(id) ? check.exchanges.map(tellExchange).toSorted() : []),
    ].join('\n');
  return checks
    .filter((check) => check.id === id)
    .map(describeReply)
    .join('\n\n');
};

/** Writes down what comes to a receiver, as it comes. */
export const listen = (receiver: ModelReceiver): { readonly heard: (id: string) => string } => {
  const lines: string[] = [];
  const redactor = createRedactor();
  const signing = createSigning(SECRET, redactor);
  const read = receiver.read.bind(receiver);
  receiver.read = async (request: IncomingMessage) => {
    const raw = await read(request);
    signing.digest(raw);
    const headers: string[] = [];
    for (let at = 0; at < request.rawHeaders.length; at += 2) {
      const [name = '', value = ''] = request.rawHeaders.slice(at, at + 2);
      if (!UNTOLD.has(name.toLowerCase())) headers.push(`${name}: ${cut(redactor.apply(value))}`);
    }
    lines.push(
      `${request.method} ${request.url} ${headers.join(' ')} | ${cut(raw.toString('utf8'))}`,
    );
    return raw;
  };
  return {
    heard: (id) => {
      if (!isSteady(id)) return '';
      const first = lines.slice(0, MOST).toSorted();
      return [...first, `${lines.length} in all`].join('\n');
    },
  };
};
