/**
 * A shell command that resends a request. It computes valid signatures with openssl from `$SENDEMALL_MOCK_SECRET`, so that
 * the text contains neither the secret nor anything derived from it.
 *
 * @module
 */
import { SIGNATURE } from '../../../schemas/contract.ts';
import type { Exchange } from '../net/exchange.ts';
import type { Signing } from '../probe/signing.ts';
import { quoteForShell as quote } from '../../domain/shell.ts';

/** Longer bodies do not fit on a command line. */
const MAX_BODY_BYTES = 8000;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const isUtf8 = (bytes: Uint8Array): boolean => {
  try {
    decoder.decode(bytes);
    return true;
  } catch {
    return false;
  }
};

const octal = (byte: number): string => `\\${byte.toString(8).padStart(3, '0')}`;

/** The argument of `printf` that prints these bytes: control characters and bytes that are not text are in octal. */
const formatOf = (bytes: Uint8Array): string => {
  // Byte by byte, unless all of it is text.
  const text = Buffer.from(bytes).toString(isUtf8(bytes) ? 'utf8' : 'latin1');
  const escaped = isUtf8(bytes) ? /[\u0000-\u001F\u007F]/g : /[^\u0020-\u007E]/g;
  return text
    .replaceAll(/[\\%]/g, (character) => (character === '%' ? '%%' : '\\\\'))
    .replaceAll(escaped, (character) => octal(character.charCodeAt(0)));
};

/** A command that prints exactly these bytes, without a line break in it. */
const printing = (bytes: Uint8Array): string => {
  const text = Buffer.from(bytes).toString('utf8');
  if (isUtf8(bytes) && !/[\u0000-\u001F\u007F]/.test(text)) return `printf %s ${quote(text)}`;
  const format = quote(formatOf(bytes));
  const base64 = quote(Buffer.from(bytes).toString('base64'));
  // A body that is binary as a whole is shorter this way. A format that starts with a hyphen would be an option.
  return format.length > 2 * base64.length || format.startsWith("'-")
    ? `printf %s ${base64} | base64 -d`
    : `printf ${format}`;
};

const HMAC = `openssl dgst -${SIGNATURE.algorithm} -hmac "\${SENDEMALL_MOCK_SECRET:?set it first}" | sed 's/^.* //'`;

/** Fail without the secret, instead of signing with an empty key. Inside `$(…)` it would not stop the command. */
const HAS_SECRET = ': "${SENDEMALL_MOCK_SECRET:?set it first}"';

/** Fewer equal digits can be coincidence. */
const MIN_DIGITS = 8;

/** Length of the longest prefix of the digest that the value contains; 0 if it is too short to matter. */
const digitsOf = (digest: string, value: string): number => {
  for (let count = digest.length; count >= MIN_DIGITS; count -= 1) {
    if (value.includes(digest.slice(0, count))) return count;
  }
  return 0;
};

const printingDigits = (count: number, digest: string): string =>
  count === digest.length ? '${DIGEST}' : `$(printf %s "$DIGEST" | cut -c1-${count})`;

/** A header flag; curl omits a header without a value unless it ends with a semicolon. */
const header = (name: string, quoted: string, isEmpty: boolean): string =>
  `-H ${isEmpty ? quote(`${name};`) : quoted}`;

/** The method flag: without a body curl would send GET, and after HEAD it would wait for a body. */
const methodFlag = (method: string, hasBody: boolean): string => {
  if (method === 'HEAD' && !hasBody) return '-I';
  return method === 'POST' && hasBody ? '' : `-X ${method}`;
};

export interface ReproduceOptions {
  /** Accept any TLS certificate. */
  readonly insecure?: boolean;
}

/** @returns null if curl cannot send the request in the same way, or the body is too long */
export const reproduce = (
  { request }: Exchange,
  signing: Signing,
  { insecure = false }: ReproduceOptions = {},
): string | null => {
  const { method, url, headers, body, manner } = request;
  if (manner !== null || body.length > MAX_BODY_BYTES) return null;
  const digest = signing.digest(body);
  const print = printing(body);
  const isSignature = ([name]: readonly [string, string]): boolean =>
    name.toLowerCase() === SIGNATURE.header.toLowerCase();
  const signatures = headers.filter(isSignature).map(([name, text]) => {
    // A value that contains the valid digest, or a prefix of it, is computed: it must not appear in the text.
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
    // Disable URL globbing, e.g. of `[1]`.
    /[[\]{}]/.test(url) ? '-g' : '',
    methodFlag(method, body.length > 0),
    ...others,
    // Otherwise curl would add its own content type.
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
