/**
 * Writes the table of every check, and what the self-test shows of them, into src/docs/verify.md, between the markers.
 * `--check` changes nothing and fails when they are not up to date.
 *
 * @module
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { CATALOGUE } from '../src/conformance/catalogue.ts';

const file = new URL('../src/docs/verify.md', import.meta.url);
const matrix = new URL('../test/conformance/matrix.md', import.meta.url);

/** The matrix's own sentence about itself, which the self-test holds it to. */
const [proof] = /^\d+ checks, .*$/m.exec(readFileSync(matrix, 'utf8')) ?? [];
if (proof === undefined) throw new Error('matrix.md says nothing of checks. Run `npm run matrix`.');

const cell = (text: string): string => text.replaceAll('|', String.raw`\|`);

const checks = [
  '| check | level | what a right receiver does | source |',
  '|---|---|---|---|',
  ...CATALOGUE.map(
    ({ id, level, title, requirement }) =>
      `| \`${id}\` | ${level} | ${cell(title)} | ${cell(requirement.source)} |`,
  ),
].join('\n');

/** Puts a text between the markers of that name, each on a line of its own. */
const between = (page: string, name: string, text: string): string => {
  const [begin, end] = [`<!-- ${name}: written by npm run gen -->`, `<!-- end of ${name} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from)
    throw new Error(`src/docs/verify.md has no "${begin}" before "${end}".`);
  return `${page.slice(0, from)}${begin}\n${text}\n${page.slice(to)}`;
};

const page = readFileSync(file, 'utf8');
const written = between(between(page, 'proof', proof), 'checks', checks);
if (written !== page) {
  if (process.argv.includes('--check')) {
    console.error('src/docs/verify.md is not up to date. Run `npm run gen` and commit.');
    process.exitCode = 1;
  } else writeFileSync(file, written);
}
