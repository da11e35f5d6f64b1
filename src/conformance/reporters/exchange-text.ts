/**
 * Exchanges as lines of text, and text that cannot control the display.
 *
 * @module
 */
import { hexLines } from './binary-text.ts';
import type { ReportedExchange, ReportedRequest, ReportedResponse } from '../report.ts';

/** Replace characters that move the cursor, color the terminal or change the text direction; normalize CR LF. */
export const harmless = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll('\r\n', '\n')
    .replaceAll(
      /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u200E\u200F\u202A-\u202E\u2066-\u2069]/g,
      '\uFFFD',
    );

/** The same as {@link harmless}, on one line. */
export const onOneLine = (text: string): string => harmless(text).replaceAll(/[\t\n]+/g, ' ');

export interface Part {
  readonly isCode: boolean;
  readonly text: string;
}

/** Split a cause or fix at pairs of backticks: the text between them is code. */
export const splitCode = (text: string): readonly Part[] =>
  text.split(/(`[^`\n]+`)/).map((part, at) => {
    const code = at % 2 === 1 ? part.slice(1, -1) : '';
    return code.trim() === '' ? { isCode: false, text: part } : { isCode: true, text: code };
  });

const headerLines = (
  headers: readonly (readonly [name: string, value: string])[],
  leftOut: number,
): readonly string[] => [
  ...headers.map(([name, value]) => onOneLine(`${name}: ${value}`)),
  ...(leftOut === 0 ? [] : [`(first ${headers.length} of ${headers.length + leftOut} headers)`]),
];

const bodyLines = (body: string | null): readonly string[] =>
  body === null || body === '' ? [] : ['', ...harmless(body).split('\n')];

/** Decoded without `Buffer`, which browsers lack. */
const bytesOf = (base64: string): Uint8Array =>
  Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

export const requestLines = (request: ReportedRequest): readonly string[] => {
  const {
    method,
    url,
    headers,
    headers_left_out: leftOut,
    body,
    body_base64: base64,
    body_bytes: bytes,
    manner,
  } = request;
  return [
    onOneLine(`${method} ${url}`),
    ...(manner === null ? [] : [onOneLine(`(${manner})`)]),
    ...headerLines(headers, leftOut),
    ...(body === null && base64 !== null
      ? ['', ...hexLines(bytesOf(base64), bytes)]
      : bodyLines(body)),
  ];
};

export const responseLines = (response: ReportedResponse): readonly string[] => {
  const { status, headers, headers_left_out: leftOut, body, error, duration_ms: took } = response;
  return [
    status === null
      ? onOneLine(`no response: ${error ?? 'unknown'}, after ${took} ms`)
      : `${status} in ${took} ms`,
    ...headerLines(headers, leftOut),
    ...bodyLines(body),
  ];
};

/** The exchange that shows a fault most plainly; null without exchanges. */
export const plainest = (exchanges: readonly ReportedExchange[]): ReportedExchange | null =>
  exchanges.at(-1) ?? null;
