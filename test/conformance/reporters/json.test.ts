/**
 * The JSON report, by its published schema.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { expect, test } from 'vitest';
import { json } from '../../../src/conformance/reporters/json.ts';
import type { Report } from '../../../src/conformance/report.ts';
import { empty, huge, nasty, real } from './sample.ts';

const schema = JSON.parse(
  readFileSync(new URL('../../../schemas/json/verify-report.schema.json', import.meta.url), 'utf8'),
) as object;
const ajv = new Ajv2020({
  allErrors: true,
  strict: true,
  strictRequired: false,
  allowUnionTypes: true,
});
addFormats.default(ajv);
const validate = ajv.compile(schema);

const errorsOf = (value: unknown): readonly string[] => {
  validate(value);
  return (validate.errors ?? []).map(
    ({ instancePath, message }) => `${instancePath} ${message ?? ''}`,
  );
};

test.each<[string, () => Promise<Report> | Report]>([
  ['a real report', real],
  ['a hostile one', nasty],
  ['a huge one', huge],
  ['an empty one', empty],
])('%s is what the schema says, and comes back as it was', async (_name, make) => {
  const report = await make();
  const read = JSON.parse(json(report)) as unknown;
  expect(errorsOf(read)).toEqual([]);
  expect(read).toEqual(report);
});

test('the counts add up to the checks', async () => {
  for (const { summary, checks } of [await real(), nasty()]) {
    const { verdict: _, musts_not_tested: __, ...counts } = summary;
    expect(Object.values(counts).reduce((sum, one) => sum + one, 0)).toBe(checks.length);
  }
});

test('the schema knows every member: one too few or too many is refused', () => {
  const report = nasty();
  for (const member of Object.keys(report)) {
    expect(errorsOf({ ...report, [member]: undefined }), member).not.toEqual([]);
  }
  const [first] = report.checks;
  for (const member of Object.keys(first!)) {
    const { [member as keyof typeof first]: _, ...rest } = first!;
    expect(errorsOf({ ...report, checks: [rest] }), member).not.toEqual([]);
  }
  expect(errorsOf({ ...report, more: 1 })).not.toEqual([]);
  expect(errorsOf({ ...report, checks: [{ ...first, more: 1 }] })).not.toEqual([]);
});
