/**
 * Annotations, read back as the runner of GitHub Actions does.
 *
 * @module
 */
import { expect, test } from 'vitest';
import { github } from '../../../src/conformance/reporters/github.ts';
import { brokenOff, good } from './mixed.ts';
import { empty, nasty } from './sample.ts';

const decode = (text: string): string =>
  text
    .replaceAll('%3A', ':')
    .replaceAll('%2C', ',')
    .replaceAll('%0D', '\r')
    .replaceAll('%0A', '\n')
    .replaceAll('%25', '%');

/** One command a line, as the runner splits it. */
const read = (line: string) => {
  const found = /^::(\w+) ([^:]*)::(.*)$/.exec(line);
  if (found === null) throw new Error(`no command: ${line}`);
  const [, command = '', properties = '', message = ''] = found;
  const pairs = properties.split(',').map((pair) => pair.split('=') as [string, string]);
  return { command, properties: Object.fromEntries(pairs), message: decode(message) };
};

test('one line for each finding that counts, worst first; nothing in it is another command', () => {
  const lines = github(nasty()).trimEnd().split('\n').map(read);
  expect(
    lines.map(({ command, properties }) => [command, decode(properties['title'] ?? '')]),
  ).toEqual([
    ['error', 'signature/missing-header (MUST)'],
    ['error', 'delivery/no-loss (MUST)'],
    ['warning', 'signature/wrong-digest (SHOULD)'],
    ['notice', 'signature/upper-case (INFO)'],
    ['error', 'baseline'],
  ]);
  expect(lines[0]?.message).toContain('::error::injected%0A::set-output');
  expect(lines[0]?.message).toContain('\n]]>');
});

test('nothing to say is nothing', () => {
  expect(github(good())).toBe('');
});

test('a run that could not learn enough is an error, as its exit status is', () => {
  expect(github(empty())).toBe('::error title=verify::INCONCLUSIVE\n');
  expect(github(brokenOff())).toBe('::error title=verify::INTERRUPTED after 0 of 1\n');
});
