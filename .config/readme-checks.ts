/**
 * Writes the table of every check, and what the self-test shows of them, into README.md, between the markers.
 * `--check` changes nothing and fails when they are not up to date.
 *
 * @module
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { CATALOGUE } from '../src/conformance/catalogue.ts';

const file = new URL('../README.md', import.meta.url);
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
const between = (readme: string, name: string, text: string): string => {
  const [begin, end] = [`<!-- ${name}: written by npm run gen -->`, `<!-- end of ${name} -->`];
  const [from, to] = [readme.indexOf(begin), readme.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`README.md has no "${begin}" before "${end}".`);
  return `${readme.slice(0, from)}${begin}\n${text}\n${readme.slice(to)}`;
};

const readme = readFileSync(file, 'utf8');
const written = between(between(readme, 'proof', proof), 'checks', checks);
if (written !== readme) {
  if (process.argv.includes('--check')) {
    console.error('README.md is not up to date. Run `npm run gen` and commit.');
    process.exitCode = 1;
  } else writeFileSync(file, written);
}
