/**
 * `docs`: every page, as it is through a pipe, rendered at a terminal.
 *
 * @module
 */
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { run } from './support.ts';
import { atTerminal, hasScript } from './terminal-support.ts';

const folder = fileURLToPath(new URL('../../src/docs/', import.meta.url));
const TOPICS = readdirSync(folder).flatMap((name) => /^(.*)\.md$/u.exec(name)?.[1] ?? []);

test('lists every page', async () => {
  const { status, stdout } = await run(['docs']);
  expect(status).toBe(0);
  const listed = stdout.trimEnd().split('\n');
  expect(listed.map((line) => line.split(' ')[0] ?? '').toSorted()).toEqual(TOPICS.toSorted());
  expect(listed.every((line) => line.length <= 80)).toBe(true);
  const json = JSON.parse((await run(['docs', '--json'])).stdout) as { topic: string }[];
  expect(json.map(({ topic }) => topic).toSorted()).toEqual(TOPICS.toSorted());
});

test('a pipe gets the Markdown', async () => {
  const markdown = readFileSync(`${folder}hooks.md`, 'utf8');
  const piped = await run(['docs', 'hooks']);
  expect(piped).toEqual({ status: 0, stdout: markdown, stderr: '' });
  expect(JSON.parse((await run(['docs', 'hooks', '--json'])).stdout)).toMatchObject({
    topic: 'hooks',
    markdown,
  });
});

test('an unknown topic is refused with the topics', async () => {
  const { status, stderr } = await run(['docs', 'hoks']);
  expect(status).toBe(2);
  expect(stderr).toContain('hooks');
});

describe.skipIf(!hasScript)('at a terminal', () => {
  test.each(TOPICS.flatMap((topic) => [60, 80, 120].map((columns) => ({ topic, columns }))))(
    '$topic fits $columns columns',
    async ({ topic, columns }) => {
      await using typed = atTerminal(['docs', topic], { columns });
      expect(await typed.status).toBe(0);
      const lines = typed.screen().split('\r\n');
      // Code keeps its lines, so that it can be pasted.
      const prose = lines.filter((line) => !line.startsWith('    '));
      expect(prose.filter((line) => line.length > columns)).toEqual([]);
      expect(prose.filter((line) => /<!--|\*\*|`|^#|^\|/u.test(line))).toEqual([]);
    },
  );

  test('hooks looks as it should', async () => {
    await using typed = atTerminal(['docs', 'hooks'], { columns: 80 });
    await typed.status;
    expect(typed.screen().replaceAll('\r\n', '\n')).toMatchSnapshot();
  });
});
