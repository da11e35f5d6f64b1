/**
 * SARIF, by the schema of OASIS as SchemaStore has it (MIT; from @microsoft/jest-sarif, rtm.5).
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import type { Log } from 'sarif';
import { describe, expect, test } from 'vitest';
import { CATALOGUE } from '../../../src/conformance/catalogue.ts';
import { sarif } from '../../../src/conformance/reporters/sarif.ts';
import type { Report } from '../../../src/conformance/report.ts';
import { empty, huge, nasty, real } from './sample.ts';

const file = new URL('../../fixtures/sarif/sarif-2.1.0-rtm.5.json', import.meta.url);
// Of draft 4, it uses nothing that draft 7 reads in another way but the name of its own id.
const {
  id: _,
  $schema: __,
  ...schema
} = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
const ajv = new Ajv({ allErrors: true, strict: false, unicodeRegExp: false });
addFormats.default(ajv);
const validate = ajv.compile(schema);

const read = (report: Report): Log => JSON.parse(sarif(report)) as Log;

test.each<[string, () => Promise<Report> | Report]>([
  ['a real report', real],
  ['a hostile one', nasty],
  ['a huge one', huge],
  ['an empty one', empty],
])('%s is valid', async (_name, make) => {
  validate(read(await make()));
  expect(validate.errors ?? []).toEqual([]);
});

test('the schema rejects invalid SARIF', () => {
  expect(validate({ version: '2.1.0' })).toBe(false);
  expect(validate({ ...read(nasty()), more: 1 })).toBe(false);
});

describe('what it says', () => {
  const [run] = read(nasty()).runs;
  const results = run?.results ?? [];
  const of = (id: string) => results.find(({ ruleId }) => ruleId === id);

  test('a rule for each check of the catalogue, and every result points at its own', () => {
    const rules = run?.tool.driver.rules ?? [];
    expect(rules.map(({ id }) => id)).toEqual(CATALOGUE.map(({ id }) => id));
    for (const { ruleId, ruleIndex } of results) {
      expect(rules[ruleIndex ?? -1]?.id).toBe(ruleId);
    }
  });

  test('a rule links to the page of its check, where the documentation is', () => {
    const [first] = run?.tool.driver.rules ?? [];
    expect(first?.helpUri).toBe(`http://127.0.0.1:7363/docs/checks/${first?.id}`);
    const elsewhere = read({ ...nasty(), docs_url: 'https://docs.example/hooks' }).runs[0];
    expect(elsewhere?.tool.driver.rules?.[0]?.helpUri).toBe(
      `https://docs.example/hooks/checks/${first?.id}`,
    );
  });

  test('levels and kinds', () => {
    expect(of('signature/missing-header')).toMatchObject({ kind: 'fail', level: 'error' });
    expect(of('signature/wrong-digest')).toMatchObject({ kind: 'fail', level: 'warning' });
    expect(of('signature/upper-case')).toMatchObject({ kind: 'fail', level: 'note' });
    expect(of('http/survives')).toMatchObject({ kind: 'pass', level: 'none' });
    expect(of('delivery/dup-race')).toMatchObject({ kind: 'notApplicable', level: 'none' });
  });

  test('what is known is suppressed with its reason', () => {
    expect(of('delivery/dup-seq')?.suppressions).toMatchObject([
      { kind: 'external', justification: expect.stringMatching(/^Known /) },
    ]);
    expect(of('signature/missing-header')?.suppressions).toBeUndefined();
  });

  test('an internal error of the suite is reported as a notification, not as a result', () => {
    expect(of('delivery/no-loss')).toBeUndefined();
    expect(run?.invocations?.[0]).toMatchObject({
      executionSuccessful: false,
      toolExecutionNotifications: [{ associatedRule: { id: 'delivery/no-loss' } }],
      toolConfigurationNotifications: [{ associatedRule: { id: 'http/survives' } }],
    });
  });

  test('a failure has its exchange', () => {
    expect(of('signature/missing-header')).toMatchObject({
      webRequest: { method: 'POST' },
      webResponse: { statusCode: 200 },
    });
  });
});
