/**
 * The same value as other languages write it. Python is asked itself, where it is installed.
 *
 * @module
 */
import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import {
  JSON_DIALECTS,
  parseJson,
  pythonBytes,
  pythonRepr,
} from '../../src/signature/json-dialects.ts';
import { missingModule } from '../receivers/python.ts';

const VALUE = {
  z: 'é😀\u007F',
  a: '<b>&\u2028/"\'`+\n',
  n: [1, [], {}, null, true],
  m: { y: 1, x: [2] },
};

const written = (id: string, value: unknown = VALUE): string =>
  JSON_DIALECTS.find((dialect) => dialect.id === id)!.write(value);

test.each([
  [
    'compact',
    `{"z":"é😀\u007F","a":"<b>&\u2028/\\"'\`+\\n","n":[1,[],{},null,true],"m":{"y":1,"x":[2]}}`,
  ],
  [
    'python',
    `{"z": "\\u00e9\\ud83d\\ude00\\u007f", "a": "<b>&\\u2028/\\"'\`+\\n", "n": [1, [], {}, null, true], "m": {"y": 1, "x": [2]}}`,
  ],
  [
    'python-utf8',
    `{"z": "é😀\u007F", "a": "<b>&\u2028/\\"'\`+\\n", "n": [1, [], {}, null, true], "m": {"y": 1, "x": [2]}}`,
  ],
  [
    'php',
    `{"z":"\\u00e9\\ud83d\\ude00\u007F","a":"<b>&\\u2028\\/\\"'\`+\\n","n":[1,[],{},null,true],"m":{"y":1,"x":[2]}}`,
  ],
  [
    'html-safe',
    `{"z":"é😀\u007F","a":"\\u003cb\\u003e\\u0026\\u2028/\\"'\`+\\n","n":[1,[],{},null,true],"m":{"y":1,"x":[2]}}`,
  ],
  [
    'sorted-html-safe',
    `{"a":"\\u003cb\\u003e\\u0026\\u2028/\\"'\`+\\n","m":{"x":[2],"y":1},"n":[1,[],{},null,true],"z":"é😀\u007F"}`,
  ],
  [
    'sorted',
    `{"a":"<b>&\u2028/\\"'\`+\\n","m":{"x":[2],"y":1},"n":[1,[],{},null,true],"z":"é😀\u007F"}`,
  ],
  [
    'python-sorted',
    `{"a": "<b>&\\u2028/\\"'\`+\\n", "m": {"x": [2], "y": 1}, "n": [1, [], {}, null, true], "z": "\\u00e9\\ud83d\\ude00\\u007f"}`,
  ],
  [
    'dotnet',
    `{"z":"\\u00E9\\uD83D\\uDE00\\u007F","a":"\\u003Cb\\u003E\\u0026\\u2028/\\u0022\\u0027\\u0060\\u002B\\n","n":[1,[],{},null,true],"m":{"y":1,"x":[2]}}`,
  ],
])('%s', (id, text) => {
  expect(written(id)).toBe(text);
});

test.each([
  ['pretty-2', 2],
  ['pretty-4', 4],
  ['pretty-tab', '\t'],
])('%s is what JSON.stringify does', (id, indent) => {
  expect(written(id)).toBe(JSON.stringify(VALUE, null, indent));
  expect(written(id, [])).toBe('[]');
  expect(written(id, 'text')).toBe('"text"');
});

test.each(JSON_DIALECTS)('$id can be parsed back', ({ write }) => {
  expect(JSON.parse(write(VALUE))).toEqual(VALUE);
});

test('keys are sorted by their characters, those alike stay in their order', () => {
  expect(written('sorted', { b: 1, B: 2, a: 3, aa: 4, '': 5 })).toBe(
    '{"":5,"B":2,"a":3,"aa":4,"b":1}',
  );
  expect(written('compact', { b: 1, a: 2 })).toBe('{"b":1,"a":2}');
});

test('1.0 stays a float in languages that distinguish integers from floats', () => {
  const text = '[1.0,1,-2.50,3e2,{"a":0.0}]';
  for (const { id, fractions, write } of JSON_DIALECTS) {
    const joined = write(parseJson(text, fractions)).replaceAll(/\s/g, '');
    expect(joined, id).toBe(fractions ? '[1.0,1,-2.5,300.0,{"a":0.0}]' : '[1,1,-2.5,300,{"a":0}]');
  }
});

test.each([
  [null, 'None'],
  [true, 'True'],
  [false, 'False'],
  [1.5, '1.5'],
  [[], '[]'],
  [{}, '{}'],
  [[1, 'a', null], "[1, 'a', None]"],
  [{ a: 1, b: [true] }, "{'a': 1, 'b': [True]}"],
  ['plain', "'plain'"],
  ["it's", '"it\'s"'],
  [`it's "it"`, `'it\\'s "it"'`],
  ['say "it"', `'say "it"'`],
  ['a\\b\n\r\t', "'a\\\\b\\n\\r\\t'"],
  ['\u0000\u001F\u007F\u00A0', "'\\x00\\x1f\\x7f\\xa0'"],
  ['\u200B\u2028\uFEFF', "'\\u200b\\u2028\\ufeff'"],
  ['é😀', "'é😀'"],
])("%j is Python's %s", (value, text) => {
  expect(pythonRepr(value)).toBe(text);
});

test("Python's str() keeps fractions", () => {
  expect(pythonRepr(parseJson('{"a": [1.0, 2]}', true))).toBe("{'a': [1.0, 2]}");
});

test.each([
  ['{"a":1}\n', `b'{"a":1}\\n'`],
  ["it's", `b"it's"`],
  [`it's "it"`, `b'it\\'s "it"'`],
  ['é\\\u0000\u007F', `b'\\xc3\\xa9\\\\\\x00\\x7f'`],
])("the bytes of %j are Python's %s", (given, text) => {
  expect(pythonBytes(Buffer.from(given))).toBe(text);
});

const lacking = missingModule('json');

describe.skipIf(lacking !== null)(`Python itself${lacking === null ? '' : `: ${lacking}`}`, () => {
  const TEXT = JSON.stringify({ ...VALUE, f: 'FRACTIONS' }).replace(
    '"FRACTIONS"',
    '[1.0,1,-2.50,3e2]',
  );
  const python = (expression: string): string =>
    execFileSync(
      'python3',
      [
        '-X',
        'utf8',
        '-c',
        `import json, sys; v = json.loads(sys.stdin.read()); sys.stdout.write(${expression})`,
      ],
      { input: TEXT, encoding: 'utf8' },
    );

  test.each([
    ['python', 'json.dumps(v)'],
    ['python-utf8', 'json.dumps(v, ensure_ascii=False)'],
    ['python-sorted', 'json.dumps(v, sort_keys=True)'],
    ['python-sorted-utf8', 'json.dumps(v, sort_keys=True, ensure_ascii=False)'],
    ['python-sorted-compact', 'json.dumps(v, sort_keys=True, separators=(",", ":"))'],
    [
      'sorted-fractions',
      'json.dumps(v, sort_keys=True, separators=(",", ":"), ensure_ascii=False)',
    ],
    ['python-compact', 'json.dumps(v, separators=(",", ":"))'],
    ['compact-fractions', 'json.dumps(v, separators=(",", ":"), ensure_ascii=False)'],
  ])('%s is %s', (id, expression) => {
    expect(written(id, parseJson(TEXT, true))).toBe(python(expression));
  });

  test('str(v)', () => {
    expect(pythonRepr(parseJson(TEXT, true))).toBe(python('str(v)'));
  });

  test('str() of bytes', () => {
    expect(pythonBytes(Buffer.from(JSON.stringify(VALUE)))).toBe(
      python(`str(${JSON.stringify(JSON.stringify(VALUE))}.encode())`),
    );
  });
});
