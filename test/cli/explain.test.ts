/**
 * `explain`: a page for every check, made from its own data.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { CATALOGUE } from '../../src/conformance/catalogue.ts';
import type { CheckPage } from '../../src/domain/check-page.ts';
import { MUTANTS } from '../receivers/mutants/all.ts';
import { run } from './support.ts';
import { atTerminal, hasScript } from './terminal-support.ts';

type Explanation = CheckPage & { readonly why: string; readonly verify: string };

const all = async (): Promise<Explanation[]> => {
  const { status, stdout } = await run(['explain', '--all', '--json']);
  expect(status).toBe(0);
  return JSON.parse(stdout) as Explanation[];
};

test('every check has a page with its requirement, cause, fix and wrong examples', async () => {
  const pages = await all();
  expect(pages.map(({ id }) => id)).toEqual(CATALOGUE.map(({ id }) => id));
  for (const { id, title, requirement, source, why, cause, fix, wrong } of pages) {
    for (const text of [title, requirement, source, why, cause, fix]) expect(text, id).not.toBe('');
    expect(wrong.length, id).toBeGreaterThan(0);
  }
});

test('wrong examples are the mutants that the check claims to catch, all with code', async () => {
  const pages = await all();
  const faults = new Map(MUTANTS.map(({ name, fault }) => [name, fault]));
  for (const { id, wrong } of pages) {
    const { catches } = CATALOGUE.find((check) => check.id === id)!;
    expect(wrong.map(({ name }) => name).toSorted()).toEqual(catches.toSorted());
    for (const { name, fault, code } of wrong) {
      expect(fault).toBe(faults.get(name));
      expect(code, name).not.toBe('');
    }
  }
  expect(pages.filter(({ right }) => right.length === 0).map(({ id }) => id)).toEqual([]);
});

test('a page as Markdown', async () => {
  const { status, stdout, stderr } = await run(['explain', 'signature/missing-header']);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(/^# signature\/missing-header\n\n\*\*MUST\*\* /u);
  expect(stdout).toContain('({ given, right }) => given === undefined || right');
  expect(stdout).toContain('timingSafeEqual(given, expected)');
  expect(stdout).toContain('--only signature/missing-header');
  expect(stdout).toContain(
    'FAILED  MUST   signature/missing-header\n  Rejects an event without a signature',
  );
  expect(stdout).toMatch(/## Right[^]*\nPASSED \d of \d/u);
});

test('a list without an argument', async () => {
  const { stdout } = await run(['explain']);
  expect(stdout.trimEnd().split('\n')).toHaveLength(CATALOGUE.length);
});

test.each([
  [['signature/missing-heder'], 'Did you mean signature/missing-header'],
  [['zzz'], 'Unknown check "zzz". List all'],
  [['delivery/dup-seq', '--all'], 'Remove delivery/dup-seq, or remove --all'],
])('%j is refused', async (args, message) => {
  const { status, stderr } = await run(['explain', ...args]);
  expect(status).toBe(2);
  expect(stderr).toContain(message);
});

test.skipIf(!hasScript)('at a terminal it is rendered, and fits', async () => {
  await using typed = atTerminal(['explain', 'delivery/dup-seq']);
  expect(await typed.status).toBe(0);
  const lines = typed.screen().split('\r\n');
  expect(lines[0]).toBe('delivery/dup-seq');
  expect(lines.filter((line) => !line.startsWith('    ') && line.length > 80)).toEqual([]);
});
