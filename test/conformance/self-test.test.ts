/**
 * Who tests the tests: every check has a mutant and every mutant a check, the model receiver has no fault, and the
 * confusion matrix is up to date. That each mutant is caught is tested in `mutants-1` and `mutants-2`.
 *
 * @module
 */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CATALOGUE } from '../../src/conformance/catalogue.ts';
import { ModelReceiver } from '../receivers/model/receiver.ts';
import { MUTANTS } from '../receivers/mutants/all.ts';
import { judgeReference } from './judge.ts';
import { examine, SECRET } from './run-suite.ts';
import { checkRow, claimsOn, mutantRow, summaryLine } from './matrix-rows.ts';

const ids = CATALOGUE.map(({ id }) => id as string);
const names = MUTANTS.map(({ name }) => name);
const repeated = (list: readonly string[]): string[] =>
  list.filter((one, place) => list.indexOf(one) !== place);

test('the model receiver has no fault', async () => {
  await using receiver = new ModelReceiver(SECRET);
  await receiver.start();
  expect(judgeReference(await examine(receiver))).toEqual([]);
});

describe('checks', () => {
  test('each has a name of its own, which is its path', () => {
    expect(repeated(ids)).toEqual([]);
    const at = (id: string) => new URL(`../../src/conformance/checks/${id}.ts`, import.meta.url);
    expect(ids.filter((id) => !existsSync(at(id)))).toEqual([]);
  });

  test('each names a mutant that it must catch, and only mutants that there are', () => {
    expect(CATALOGUE.filter(({ catches }) => catches.length === 0).map(({ id }) => id)).toEqual([]);
    const unknown = CATALOGUE.flatMap(({ id, catches }) =>
      catches.filter((name) => !names.includes(name)).map((name) => `${id}: ${name}`),
    );
    expect(unknown).toEqual([]);
  });

  test('each waits only for checks that there are', () => {
    const after = CATALOGUE.flatMap((check) => ('after' in check ? (check.after ?? []) : []));
    expect(after.filter((id) => !ids.includes(id))).toEqual([]);
  });
});

describe('mutants', () => {
  test('each has a name of its own, which begins with its area', () => {
    expect(repeated(names)).toEqual([]);
    const areas = /^(signature|content|http|delivery|domain|performance)-/;
    expect(names.filter((name) => !areas.test(name))).toEqual([]);
  });

  test('each is claimed by a check', () => {
    expect(names.filter((name) => claimsOn(name).length === 0)).toEqual([]);
  });

  test('each names related checks that there are and do not claim it, with a reason', () => {
    const odd = MUTANTS.flatMap(({ name, also = {} }) =>
      Object.entries(also)
        .filter(([id, why]) => !ids.includes(id) || claimsOn(name).includes(id) || why.length < 10)
        .map(([id]) => `${name}: ${id}`),
    );
    expect(odd).toEqual([]);
  });
});

describe('matrix.md is up to date, or `npm run matrix` is due', () => {
  const lines = readFileSync(new URL('matrix.md', import.meta.url), 'utf8').split('\n');
  const missing = (rows: readonly string[]): string[] =>
    rows.filter((row) => !lines.some((line) => line.startsWith(row)));

  test('it has every check and every mutant', () => {
    expect(missing([summaryLine(), ...CATALOGUE.map(checkRow), ...MUTANTS.map(mutantRow)])).toEqual(
      [],
    );
  });

  test('it has nothing else', () => {
    const named = lines.flatMap((line) => /^\| `([^`]+)`/.exec(line)?.[1] ?? []);
    expect(named.filter((name) => !ids.includes(name) && !names.includes(name))).toEqual([]);
    expect(repeated(named)).toEqual([]);
  });
});
