/**
 * Receivers that sign in a way of their own.
 *
 * @module
 */
import { createHmac } from 'node:crypto';
import { SECRET } from '../run-suite.ts';
import type { Heard, Script } from '../scripted-receiver.ts';

export const hmac = (text: string | Buffer, key = SECRET): string =>
  createHmac('sha256', key).update(text).digest('hex');

/** Takes events with this value in this header; an undefined value takes none. */
export const taking =
  (
    value: (heard: Heard) => string | undefined,
    header = 'x-sendemall-signature',
    headers: Readonly<Record<string, string>> = {},
  ): Script =>
  (heard) => {
    const due = value(heard);
    const is = due !== undefined && heard.headers[header] === due;
    return { status: is ? 200 : 401, headers };
  };

/** Takes the value that is right for another text than the body. */
export const hashing = (
  change: (body: string) => string,
  headers: Readonly<Record<string, string>> = {},
): Script => taking(({ body }) => `sha256=${hmac(change(body))}`, undefined, headers);

export const compact = (body: string): string => JSON.stringify(JSON.parse(body));
