/**
 * What people sign in place of the raw body: hypotheses as data.
 *
 * @module
 */
import { JSON_DIALECTS, parseJson, pythonBytes, pythonRepr } from '../json-dialects.ts';
import { RAW } from '../remedies.ts';
import type { Cause } from '../cause.ts';

/** @returns what would have been used; null where the hypothesis does not apply. Equal to the true one counts as not applying. */
export interface BodyMistake extends Cause {
  readonly apply: (body: Buffer) => Buffer | string | null;
}

const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

const FILE =
  'Keep the file byte for byte: write it with printf %s or --data-binary, not with echo or an editor that ends files with a newline.';

const BODY_ALONE = 'This provider signs the body alone: no timestamp, no id.';

const text = (body: Buffer): string => body.toString('utf8');

/** Edits bytes as if each was a character, so that invalid UTF-8 stays what it is. */
const bytewise = (body: Buffer, edit: (bytes: string) => string): Buffer =>
  Buffer.from(edit(body.toString('latin1')), 'latin1');

const parsed = (body: Buffer, fractions = false): { readonly value: unknown } | null => {
  try {
    return { value: parseJson(text(body).replace(/^\uFEFF/, ''), fractions) };
  } catch {
    return null;
  }
};

const member = (body: Buffer, key: string, fractions = false): unknown => {
  const value = parsed(body, fractions)?.value;
  return typeof value === 'object' && value !== null
    ? (value as Record<string, unknown>)[key]
    : undefined;
};

const inSeconds = (timestamp: string): string => String(Math.floor(Date.parse(timestamp) / 1000));
const asWritten = (timestamp: string): string => timestamp;

/** Members of the event and the body, with dots between them. */
const signedWith = (
  body: Buffer,
  keys: readonly ('id' | 'timestamp')[],
  time = asWritten,
): string | null => {
  const values: string[] = [];
  for (const key of keys) {
    const value = member(body, key);
    if (typeof value !== 'string') return null;
    values.push(key === 'timestamp' ? time(value) : value);
  }
  return [...values, text(body)].join('.');
};

const body = (
  id: string,
  says: string,
  remedy: string,
  apply: BodyMistake['apply'],
): BodyMistake => ({ id: `body/${id}`, says, remedy, apply });

export const BODY_MISTAKES: readonly BodyMistake[] = [
  body(
    'newline-trimmed',
    'is over this body without the newline at its end',
    `Sign and check the same bytes. ${FILE}`,
    (b) => bytewise(b, (t) => t.replace(/\r?\n$/, '')),
  ),
  body(
    'newline-added',
    'is over this body with a newline at its end',
    `Sign and check the same bytes. ${FILE}`,
    (b) => Buffer.concat([b, Buffer.from('\n')]),
  ),
  body(
    'crlf-added',
    'is over this body with CR LF at its end',
    `Sign and check the same bytes. ${FILE}`,
    (b) => Buffer.concat([b, Buffer.from('\r\n')]),
  ),
  body(
    'trimmed',
    'is over this body with the white space around it removed',
    `Do not trim the body. ${RAW}`,
    (b) =>
      bytewise(b, (t) => t.replace(/^[ \t\r\n]+/, '').replace(/(?<![ \t\r\n])[ \t\r\n]+$/, '')),
  ),
  body(
    'crlf',
    'is over this body with CR LF line ends',
    'Something turned LF into CR LF (git autocrlf, an editor on Windows, a text-mode read). Read and write the body as bytes.',
    (b) => bytewise(b, (t) => t.replaceAll(/\r?\n/g, '\r\n')),
  ),
  body(
    'lf',
    'is over this body with LF line ends in place of CR LF',
    'Something turned CR LF into LF (git autocrlf, a text-mode read). Read and write the body as bytes.',
    (b) => bytewise(b, (t) => t.replaceAll('\r\n', '\n')),
  ),
  ...(['NFC', 'NFD'] as const).map((form) =>
    body(
      form.toLowerCase(),
      `is over this body in Unicode's ${form === 'NFC' ? 'composed' : 'decomposed'} form (${form})`,
      `Hash the bytes as they arrived: a middleware or a database normalised the text. ${RAW}`,
      (b) => {
        const given = text(b);
        const normalised = given.normalize(form);
        return normalised === given ? null : normalised;
      },
    ),
  ),
  body(
    'bom-removed',
    'is over this body without its byte order mark',
    'Read the body as bytes: a text decoder (utf-8-sig) dropped the mark.',
    (b) => (b.subarray(0, 3).equals(BOM) ? b.subarray(3) : null),
  ),
  body(
    'bom-added',
    'is over this body with a byte order mark in front',
    'Save the body without a byte order mark ("UTF-8", not "UTF-8 with BOM").',
    (b) => Buffer.concat([BOM, b]),
  ),
  body(
    'empty',
    'is over an empty body',
    `The body had been read already, or was read before it came. ${RAW}`,
    () => '',
  ),
  ...JSON_DIALECTS.map((dialect) =>
    body(
      `json-${dialect.id}`,
      `is over this JSON parsed and written again, as ${dialect.writer} would`,
      `Do not parse and re-serialise. ${RAW}`,
      (b) => {
        const json = parsed(b, dialect.fractions);
        return json === null ? null : dialect.write(json.value);
      },
    ),
  ),
  ...JSON_DIALECTS.slice(0, 2).map((dialect) =>
    body(
      `data-${dialect.id}`,
      `is over the event's "data" alone, as ${dialect.writer} would write it`,
      `Sign the whole body, the envelope included. ${RAW}`,
      (b) => {
        const data = member(b, 'data', dialect.fractions);
        return data === undefined ? null : dialect.write(data);
      },
    ),
  ),
  body('python-repr', "is over Python's str() of the parsed event", RAW, (b) => {
    const json = parsed(b, true);
    return json === null ? null : pythonRepr(json.value);
  }),
  body(
    'object-object',
    'is over the text "[object Object]"',
    `A parsed object was turned into a string. ${RAW}`,
    () => '[object Object]',
  ),
  body(
    'buffer-json',
    'is over a Buffer written as JSON ({"type":"Buffer",…})',
    'Pass the Buffer itself to update(), not JSON.stringify of it.',
    (b) => JSON.stringify(b),
  ),
  body(
    'json-string',
    'is over this body as a quoted JSON string',
    'The body was serialised twice. Pass the text itself, not JSON.stringify of it.',
    (b) => JSON.stringify(text(b)),
  ),
  body(
    'undefined',
    'is over the text "undefined"',
    `The body was not there yet. ${RAW}`,
    () => 'undefined',
  ),
  body('null', 'is over the text "null"', `The body was not there yet. ${RAW}`, () => 'null'),
  body(
    'empty-object',
    'is over "{}"',
    `A body parser found nothing and left an empty object. ${RAW}`,
    () => '{}',
  ),
  body(
    'empty-array',
    'is over "[]"',
    `PHP's json_encode of an empty $_POST, or another list of fields of a form: a JSON body has none. ${RAW}`,
    () => '[]',
  ),
  body(
    'form-flask',
    'is over the text of Flask’s request.form',
    `A JSON body has no fields of a form, so request.form is empty. ${RAW}`,
    () => 'ImmutableMultiDict([])',
  ),
  body(
    'form-django',
    'is over the text of Django’s request.POST',
    `A JSON body has no fields of a form, so request.POST is empty. ${RAW}`,
    () => '<QueryDict: {}>',
  ),
  body(
    'python-bytes',
    "is over Python's str() of the body's bytes (b'…')",
    'Pass the bytes themselves to hmac.new, not str() of them.',
    pythonBytes,
  ),
  body(
    'latin-1',
    'is over this body written as Latin-1',
    'Write the text as UTF-8, or better, keep the bytes.',
    (b) => Buffer.from(text(b), 'latin1'),
  ),
  body(
    'mojibake',
    'is over this body read as Latin-1 and written as UTF-8',
    'Read the bytes as UTF-8, or better, do not decode them (Node: no setEncoding("latin1" or "binary")).',
    (b) => b.toString('latin1'),
  ),
  body(
    'question-marks',
    'is over this body with "?" for every character beyond ASCII',
    `The text was encoded as ASCII. ${RAW}`,
    (b) => text(b).replaceAll(/[^\u0000-\u007F]/gu, '?'),
  ),
  body(
    'question-marks-utf-16',
    'is over this body with "?" for every UTF-16 unit beyond ASCII',
    `The text was encoded as ASCII (.NET: Encoding.ASCII; Java: US_ASCII). ${RAW}`,
    (b) => text(b).replaceAll(/[^\u0000-\u007F]/g, '?'),
  ),
  body(
    'seven-bit',
    'is over this body with the highest bit of every byte cleared',
    `The bytes were decoded as ASCII (Node: setEncoding("ascii")). ${RAW}`,
    (b) => b.toString('ascii'),
  ),
  body(
    'utf-16',
    'is over this body as UTF-16',
    'Encode the text as UTF-8 (.NET: Encoding.UTF8, not Encoding.Unicode).',
    (b) => Buffer.from(text(b), 'utf16le'),
  ),
  body(
    'utf-8-repaired',
    'is over this body with its invalid UTF-8 replaced',
    'Do not decode the body before hashing it.',
    (b) => text(b),
  ),
  body(
    'replacement-characters',
    'is over this body with U+FFFD for every byte beyond ASCII',
    `The bytes were decoded as ASCII, with errors replaced. ${RAW}`,
    (b) => b.toString('latin1').replaceAll(/[\u0080-\u00FF]/g, '\uFFFD'),
  ),
  body(
    'base64',
    'is over the base64 form of this body',
    'Decode it first (AWS Lambda: when isBase64Encoded is true, Buffer.from(event.body, "base64")).',
    (b) => b.toString('base64'),
  ),
  body('hex', 'is over the hex form of this body', 'Hash the bytes themselves.', (b) =>
    b.toString('hex'),
  ),
  body('timestamp', 'is over "<timestamp>.<body>", as Stripe signs', BODY_ALONE, (b) =>
    signedWith(b, ['timestamp'], inSeconds),
  ),
  body(
    'id-timestamp',
    'is over "<id>.<timestamp>.<body>", as Standard Webhooks signs',
    BODY_ALONE,
    (b) => signedWith(b, ['id', 'timestamp'], inSeconds),
  ),
  body(
    'timestamp-as-written',
    'is over "<timestamp>.<body>", with the timestamp as it stands in the body',
    BODY_ALONE,
    (b) => signedWith(b, ['timestamp']),
  ),
  body('id', 'is over "<id>.<body>"', BODY_ALONE, (b) => signedWith(b, ['id'])),
  body(
    'id-timestamp-as-written',
    'is over "<id>.<timestamp>.<body>", with the timestamp as it stands in the body',
    BODY_ALONE,
    (b) => signedWith(b, ['id', 'timestamp']),
  ),
];
