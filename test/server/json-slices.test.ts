/**
 * Parsing in slices gives what `JSON.parse` gives, and refuses what it refuses.
 *
 * @module
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InvalidJson, parseInSlices } from '../../src/server/json-slices.ts';

const outcomeOf = async (parse: () => unknown): Promise<unknown> => {
  try {
    return await parse();
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof InvalidJson) return 'not JSON';
    throw error;
  }
};

const bothWays = async (text: string): Promise<void> => {
  const expected = await outcomeOf(() => JSON.parse(text) as unknown);
  expect(await outcomeOf(() => parseInSlices(text))).toEqual(expected);
};

/** Values with lists at every depth. */
const values = fc.dictionary(fc.string(), fc.dictionary(fc.string(), fc.array(fc.jsonValue())));

test('any value is read as it is', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(values, fc.jsonValue()), (v) => bothWays(JSON.stringify(v))),
  );
});

test('any text that is nearly JSON is refused or read as JSON.parse does', async () => {
  const marks = fc.constantFrom('[', ']', '{', '}', ',', ':', '"', '\\', '1', ' ', '');
  await fc.assert(
    fc.asyncProperty(values, marks, fc.nat(), async (value, mark, at) => {
      const text = JSON.stringify(value);
      const place = at % (text.length + 1);
      await bothWays(text.slice(0, place) + mark + text.slice(place));
      await bothWays(text.slice(0, place) + mark + text.slice(place + 1));
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
  await bothWays(`{"a":{"b":[${Array(count).fill('1').join(',')}${end}],"b2":[],"b":[{"c":[2]}]}}`);
});
