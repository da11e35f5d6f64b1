/**
 * The same JSON value as other languages write it: what a receiver hashes by mistake when it parses first.
 *
 * @module
 */

interface Style {
  /** Between an item and the next, and between a name and its value. */
  readonly comma: string;
  readonly colon: string;
  /** One level of indentation; empty keeps everything on one line. */
  readonly indent: string;
  readonly sorted: boolean;
  readonly string: (text: string) => string;
}

const unicodeEscape = (unit: string): string =>
  `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;

const plain = (text: string): string => JSON.stringify(text);
const ascii = (text: string): string => plain(text).replaceAll(/[\u0080-\uFFFF]/g, unicodeEscape);
/** Python takes DEL for what cannot be printed. */
const printable = (text: string): string => ascii(text).replaceAll('\u007F', unicodeEscape);
const htmlSafe = (text: string): string =>
  plain(text).replaceAll(/[<>&\u2028\u2029]/g, unicodeEscape);

/** A number written with a fraction or an exponent, though whole: what some writers write as `1.0`, others as `1`. */
class WholeFraction {
  readonly text: string;

  constructor(value: number) {
    this.text = `${value}.0`;
  }
}

const whole = (_key: string, value: unknown, context?: { readonly source?: string }): unknown =>
  Number.isSafeInteger(value) && /[.e]/i.test(context?.source ?? '')
    ? new WholeFraction(value as number)
    : value;

/**
 * Parses as other languages do.
 *
 * @param fractions whether `1.0` stays different from `1`, as in Python, Ruby and Java
 */
export const parseJson = (text: string, fractions: boolean): unknown =>
  JSON.parse(text, fractions ? whole : undefined);

const write = (value: unknown, style: Style, depth = 0): string => {
  if (value instanceof WholeFraction) return value.text;
  if (typeof value === 'string') return style.string(value);
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  const members = Array.isArray(value)
    ? value.map((item: unknown) => write(item, style, depth + 1))
    : Object.entries(value)
        .sort(([a], [b]) => (style.sorted ? Number(a > b) - Number(a < b) : 0))
        .map(([key, item]) => style.string(key) + style.colon + write(item, style, depth + 1));
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  if (members.length === 0) return open + close;
  if (style.indent === '') return open + members.join(style.comma) + close;
  const inner = `\n${style.indent.repeat(depth + 1)}`;
  return `${open}${inner}${members.join(`,${inner}`)}\n${style.indent.repeat(depth)}${close}`;
};

const COMPACT: Style = { comma: ',', colon: ':', indent: '', sorted: false, string: plain };
const SPACED: Style = { ...COMPACT, comma: ', ', colon: ': ' };

export interface JsonDialect {
  /** e.g. `python` */
  readonly id: string;
  /** Who writes JSON so. */
  readonly writer: string;
  /** Whether it writes `1.0` as it came; see {@link parseJson}. */
  readonly fractions: boolean;
  readonly write: (value: unknown) => string;
}

const dialect = (id: string, writer: string, style: Style, fractions = false): JsonDialect => ({
  id,
  writer,
  fractions,
  write: (value) => write(value, style),
});

/** Most likely first: two dialects can write the same text, and then the first one is named. */
export const JSON_DIALECTS: readonly JsonDialect[] = [
  dialect('compact', 'JSON.stringify and most compact writers', COMPACT),
  dialect('python', "Python's json.dumps", { ...SPACED, string: printable }, true),
  dialect('python-utf8', "Python's json.dumps with ensure_ascii=False", SPACED, true),
  dialect('php', "PHP's json_encode", {
    ...COMPACT,
    string: (text) => ascii(text).replaceAll('/', '\\/'),
  }),
  dialect('html-safe', "Go's encoding/json or Rails' to_json", { ...COMPACT, string: htmlSafe }),
  dialect('sorted-html-safe', "Go's encoding/json through a map", {
    ...COMPACT,
    sorted: true,
    string: htmlSafe,
  }),
  dialect('ascii', 'a writer that escapes everything beyond ASCII', { ...COMPACT, string: ascii }),
  dialect('sorted', 'a writer that sorts the keys', { ...COMPACT, sorted: true }),
  dialect(
    'python-sorted',
    "Python's json.dumps with sort_keys=True",
    { ...SPACED, sorted: true, string: printable },
    true,
  ),
  dialect(
    'python-sorted-compact',
    "Python's json.dumps with sort_keys=True and compact separators",
    { ...COMPACT, sorted: true, string: printable },
    true,
  ),
  dialect(
    'python-sorted-utf8',
    "Python's json.dumps with sort_keys=True and ensure_ascii=False",
    { ...SPACED, sorted: true },
    true,
  ),
  dialect(
    'sorted-fractions',
    'a writer that sorts the keys and keeps 1.0 as it is',
    { ...COMPACT, sorted: true },
    true,
  ),
  dialect(
    'python-compact',
    "Python's json.dumps with compact separators",
    { ...COMPACT, string: printable },
    true,
  ),
  dialect(
    'compact-fractions',
    "Ruby's JSON.generate, Java's Jackson or Python's json.dumps without spaces and escapes",
    COMPACT,
    true,
  ),
  dialect('rails', "Rails' to_json", { ...COMPACT, string: htmlSafe }, true),
  dialect('dotnet', 'System.Text.Json of .NET', {
    ...COMPACT,
    string: (text) =>
      `"${plain(text)
        .slice(1, -1)
        .replaceAll('\\"', '"')
        .replaceAll(
          /["'<>&+`\u007F-\uFFFF]/g,
          (unit) => `\\u${unicodeEscape(unit).slice(2).toUpperCase()}`,
        )}"`,
  }),
  ...[
    ['2', '  '],
    ['4', '    '],
    ['tab', '\t'],
  ].map(([id, indent]) =>
    dialect(`pretty-${id}`, `a writer that indents by ${id === 'tab' ? 'tabs' : `${id} spaces`}`, {
      ...COMPACT,
      colon: ': ',
      indent: indent ?? '',
    }),
  ),
];

const PYTHON_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\\', '\\\\'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

const pythonEscape = (unit: string): string => {
  const code = unit.charCodeAt(0);
  const hex = code.toString(16);
  const short = code < 0x100 ? `\\x${hex.padStart(2, '0')}` : `\\u${hex.padStart(4, '0')}`;
  return PYTHON_ESCAPES.get(unit) ?? short;
};

/** In single quotes, unless only those are in it; what cannot be printed is escaped. */
const pythonString = (text: string): string => {
  const escaped = text.replaceAll(
    /[\\\p{Cc}\u00A0\u00AD\u1680\u2000-\u200F\u2028-\u202F\u205F-\u206F\u3000\uFEFF]/gu,
    pythonEscape,
  );
  return text.includes("'") && !text.includes('"')
    ? `"${escaped}"`
    : `'${escaped.replaceAll("'", "\\'")}'`;
};

/** What Python's `str(event)` makes of a parsed event: single quotes, True, None. */
export const pythonRepr = (value: unknown): string => {
  if (value === null) return 'None';
  if (value instanceof WholeFraction) return value.text;
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') {
    return pythonString(value);
  }
  if (Array.isArray(value)) return `[${value.map(pythonRepr).join(', ')}]`;
  if (typeof value === 'object') {
    const members = Object.entries(value).map(([k, v]) => `${pythonRepr(k)}: ${pythonRepr(v)}`);
    return `{${members.join(', ')}}`;
  }
  return String(value);
};

/** What Python's `str(body)` makes of bytes: `b'…'`. */
export const pythonBytes = (bytes: Buffer): string => {
  const inner = bytes
    .toString('latin1')
    .replaceAll(/[\\\u0000-\u001F\u007F-\u00FF]/g, pythonEscape);
  return inner.includes("'") && !inner.includes('"')
    ? `b"${inner}"`
    : `b'${inner.replaceAll("'", "\\'")}'`;
};
