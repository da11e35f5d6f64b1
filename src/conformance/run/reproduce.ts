/**
 * One shell command that sends the same request again. It makes right signatures by openssl from
 * `$SENDEMALL_MOCK_SECRET`, so that neither the secret nor anything made with it stands in the text.
 *
 * @module
 */
import { SIGNATURE } from '../../../schemas/contract.ts';
import type { Exchange } from '../net/exchange.ts';
import type { Signing } from '../probe/signing.ts';
import { quoteForShell as quote } from '../../domain/shell.ts';

/** Longer bodies do not fit a command line. */
const MAX_BODY = 8000;

const isPrintable = (bytes: Uint8Array): boolean => {
  const text = Buffer.from(bytes).toString('utf8');
  return Buffer.from(text).equals(Buffer.from(bytes)) && !/[\u0000-\u001F\u007F]/.test(text);
};

/** A command that prints exactly these bytes. */
const printing = (bytes: Uint8Array): string => {
  if (isPrintable(bytes)) return `printf %s ${quote(Buffer.from(bytes).toString('utf8'))}`;
  return `printf %s ${quote(Buffer.from(bytes).toString('base64'))} | base64 -d`;
};

const HMAC = `openssl dgst -${SIGNATURE.algorithm} -hmac "$SENDEMALL_MOCK_SECRET" | sed 's/^.* //'`;

/** Without it openssl would sign with an empty key. Within `$(…)` it would not end the command. */
const HAS_SECRET = ': "${SENDEMALL_MOCK_SECRET:?set it first}"';

/** Fewer are chance. */
const MIN_DIGITS = 8;

/** How many of the digest's first digits stand in the value. */
const digitsOf = (digest: string, value: string): number => {
  for (let count = digest.length; count >= MIN_DIGITS; count -= 1) {
    if (value.includes(digest.slice(0, count))) return count;
  }
  return 0;
};

const printingDigits = (count: number, digest: string): string =>
  count === digest.length ? '${DIGEST}' : `$(printf %s "$DIGEST" | cut -c1-${count})`;

/** A header for curl, which leaves one without a value out unless it ends with a semicolon. */
const header = (name: string, quoted: string, isEmpty: boolean): string =>
  `-H ${isEmpty ? quote(`${name};`) : quoted}`;

/** Without a body it would get, and of HEAD it would wait for what never comes. */
const methodFlag = (method: string, hasBody: boolean): string => {
  if (method === 'HEAD' && !hasBody) return '-I';
  return method === 'POST' && hasBody ? '' : `-X ${method}`;
};

export interface ReproduceOptions {
  /** Takes any TLS certificate. */
  readonly insecure?: boolean;
}

/** @returns null when curl cannot do it: a manner of sending that curl does not have, or a very long body */
export const reproduce = (
  { request }: Exchange,
  signing: Signing,
  { insecure = false }: ReproduceOptions = {},
): string | null => {
  const { method, url, headers, body, manner } = request;
  if (manner !== null || body.length > MAX_BODY) return null;
  const digest = signing.digest(body);
  const print = printing(body);
  const isSignature = ([name]: readonly [string, string]): boolean =>
    name.toLowerCase() === SIGNATURE.header.toLowerCase();
  const signatures = headers.filter(isSignature).map(([name, text]) => {
    // A value that has the right digest in it, or its beginning, is made anew: as it is, it must not be shown.
    const digits = digitsOf(digest, text);
    const made = (): string =>
      text.replaceAll(digest.slice(0, digits), () => printingDigits(digits, digest));
    const line = digits === 0 ? quote(`${name}: ${text}`) : `${quote(`${name}: `)}"${made()}"`;
    return { computed: digits > 0, flag: header(name, line, text === '') };
  });
  const computed = signatures.some((one) => one.computed);
  const others = headers
    .filter((one) => !isSignature(one))
    .map(([name, text]) => header(name, quote(`${name}: ${text}`), text === ''));
  const isTyped = headers.some(([name]) => name.toLowerCase() === 'content-type');
  const curl = [
    'curl -i',
    insecure ? '-k' : '',
    // What it takes for a pattern in URLs, such as `[1]`, is none here.
    /[[\]{}]/.test(url) ? '-g' : '',
    methodFlag(method, body.length > 0),
    ...others,
    // It would give a body a type of its own.
    body.length > 0 && !isTyped ? "-H 'Content-Type:'" : '',
    ...signatures.map(({ flag }) => flag),
  ]
    .filter((part) => part !== '')
    .join(' ');
  const sendBody = body.length === 0 ? '' : ' --data-binary @-';
  const command = `${curl}${sendBody} ${quote(url)}`;
  const piped = body.length === 0 ? command : `${print} | ${command}`;
  return computed ? `${HAS_SECRET}; DIGEST=$(${print} | ${HMAC}); ${piped}` : piped;
};
