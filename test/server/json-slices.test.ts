/**
 * Parsing in slices gives what `JSON.parse` gives, and refuses what it refuses.
 *
 * @module
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InvalidJson, JsonCutter } from '../../src/server/json-slices.ts';

const outcomeOf = async (parse: () => unknown): Promise<unknown> => {
  try {
    return await parse();
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof InvalidJson) return 'not JSON';
    throw error;
  }
};

/** Cuts a text that arrives in parts, and puts the pieces together again, as their text and as their elements. */
const parseInParts = (parts: readonly string[]): unknown => {
  const cutter = new JsonCutter();
  const lists: unknown[][] = [];
  for (const part of parts) {
    for (const { list, text, elements } of cutter.scan(part)) {
      expect(JSON.parse(text)).toEqual(elements);
      (lists[list] ??= []).push(...elements);
    }
  }
  return cutter.end((list) => lists[list] ?? []);
};

/** @param partLength the parser gets the text in parts of this length */
const bothWays = async (text: string, partLength = Infinity): Promise<void> => {
  const expected = await outcomeOf(() => JSON.parse(text) as unknown);
  const parts: string[] = [];
  for (let from = 0; from < text.length; from += partLength) {
    parts.push(text.slice(from, from + partLength));
  }
  expect(await outcomeOf(() => parseInParts(parts))).toEqual(expected);
};

/** Values with lists at every depth. */
const values = fc.dictionary(fc.string(), fc.dictionary(fc.string(), fc.array(fc.jsonValue())));

test('any value is read as it is', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(values, fc.jsonValue()), (v) => bothWays(JSON.stringify(v))),
  );
});

test('any value in parts of any length is read as it is', async () => {
  await fc.assert(
    fc.asyncProperty(values, fc.integer({ min: 1, max: 20 }), (value, length) =>
      bothWays(JSON.stringify(value), length),
    ),
  );
});

test('any text that is nearly JSON is refused or read as JSON.parse does', async () => {
  const marks = fc.constantFrom('[', ']', '{', '}', ',', ':', '"', '\\', '1', ' ', '');
  await fc.assert(
    fc.asyncProperty(values, marks, fc.nat(), async (value, mark, at) => {
      const text = JSON.stringify(value);
      const place = at % (text.length + 1);
      for (const length of [Infinity, 1 + (at % 7)]) {
        await bothWays(text.slice(0, place) + mark + text.slice(place), length);
        await bothWays(text.slice(0, place) + mark + text.slice(place + 1), length);
      }
    }),
    { numRuns: 300 },
  );
});

test.each([
  ['', 131_072],
  [',', 131_072],
  ['', 400_000],
  [',', 400_000],
])('a long list that ends with %j is read or refused as a short one (%i)', async (end, count) => {
  const text = `{"a":{"b":[${Array(count).fill('1').join(',')}${end}],"b2":[],"b":[{"c":[2]}]}}`;
  await bothWays(text);
  await bothWays(text, 65_536);
});

/** Scans a text in parts of the length in which a body is scanned, without keeping the pieces. */
const scanAll = (text: string): void => {
  const cutter = new JsonCutter();
  for (let from = 0; from < text.length; from += 262_144) {
    cutter.scan(text.slice(from, from + 262_144));
  }
};

test.each([
  ['empty lists', '[],'],
  ['numbers', '1,'],
  ['empty objects', '{},'],
])('rows that are %s by the million are refused before they take a gigabyte', (_, piece) => {
  const text = `{"tables":{"event":[${piece.repeat(9_000_000)}`;
  const before = process.memoryUsage.rss();
  expect(() => scanAll(text)).toThrow(expect.objectContaining({ limit: 'maxElements' }));
  expect(process.memoryUsage.rss() - before).toBeLessThan(700_000_000);
});

test.each([
  ['lists', '[]'],
  ['objects', '{"a":1}'],
  ['numbers', '1'],
])('one row of more than 131072 values that are %s is refused', (_, value) => {
  const row = (count: number): string => `{"a":[${Array(count).fill(value).join(',')}]}`;
  const text = (count: number): string => `{"tables":{"event":[${row(3)},${row(count)}]}}`;
  expect(() => scanAll(text(50_000))).not.toThrow();
  expect(() => scanAll(text(140_000))).toThrow(
    expect.objectContaining({ limit: 'maxElementValues' }),
  );
});

test('a list under the name __proto__ is a property of that name', () =>
  bothWays('{"a":{"__proto__":[1,2]},"__proto__":{"b":[3]}}'));
