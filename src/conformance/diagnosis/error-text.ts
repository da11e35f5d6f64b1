/**
 * What an error page says, and what it means where that is known.
 *
 * @module
 */
import { toText } from './page.ts';

const PARSED_FIRST =
  'The parsed object is hashed, not the bytes: a body parser runs in front. Register express.raw({ type: "application/json" }) for this route before any express.json() (Koa, Fastify, Nest: ask for the raw body), and pass that Buffer to update().';
const PARSED_FIRST_PYTHON =
  'A parsed object or a text is hashed, not the bytes: pass the raw body to hmac.new (Flask: request.get_data(); Django: request.body; FastAPI: await request.body()).';
const NO_SECRET =
  'The secret is not set in the receiver’s environment. Check it (is the .env file loaded? is the variable name correct? was the process restarted?).';
const LENGTHS =
  'timingSafeEqual throws on different lengths: compare the lengths first, and compare the whole header with "sha256=" and the hex digits.';

const SLASH =
  'Django has this path only with a slash at its end, and cannot redirect a POST: register (and test) the URL with the slash, or take the slash out of urls.py.';

/** Messages of Node and Python, whatever is around them. */
const MEANINGS: readonly (readonly [sign: RegExp, meaning: string])[] = [
  [/"data" argument must be .{0,300}Received (an instance of Object|undefined)/, PARSED_FIRST],
  [
    /object supporting the buffer API required|Strings must be encoded before hashing/,
    PARSED_FIRST_PYTHON,
  ],
  [/"key" argument must be .{0,300}Received (undefined|null)/, NO_SECRET],
  [
    /key: expected bytes or bytearray, but got 'NoneType'|'NoneType' object has no attribute 'encode'/,
    NO_SECRET,
  ],
  [/end in a slash and you have APPEND_SLASH set/, SLASH],
  [/Input buffers must have the same byte length/, LENGTHS],
];

const MAX_QUOTED_CHARACTERS = 200;

export interface ErrorText {
  /** ` It says: …`, or nothing. */
  readonly says: string;
  /** What to do about it; null where the message is not a known one. */
  readonly meaning: string | null;
}

/** Django writes its name, then where, then the message, each on a line of its own. */
const BARE_NAME = /^\w+(Error|Exception)$/;

/** `: …`, from the line after the next, where that is a path. */
const messageAfter = (text: string, name: string): string | null => {
  const [, where = '', message = ''] = text
    .slice(text.indexOf(name))
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return where.startsWith('at /') && message !== '' ? `: ${message}` : null;
};

export const readError = (page: string): ErrorText => {
  const text = toText(page);
  const line =
    /^.*\w(?:Error|Exception)\b.*$/m.exec(text)?.[0] ?? /^.*\berror\b.+$/im.exec(text)?.[0];
  const name = line?.trim() ?? '';
  const message = BARE_NAME.test(name) ? (messageAfter(text, name) ?? '') : '';
  const found = MEANINGS.find(([sign]) => sign.test(text));
  return {
    says:
      line === undefined ? '' : ` It says: ${`${name}${message}`.slice(0, MAX_QUOTED_CHARACTERS)}`,
    meaning: found === undefined ? null : found[1],
  };
};
