/**
 * Every block of README.md is tried, in order, as the comment above it says; and the mechanism
 * itself notices what is wrong. The modes are listed in `readme/try-block.ts`; the pages of `src/docs/` are tried in
 * `readme/docs.test.ts`.
 *
 * @module
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { missingLine, readBlocks } from './readme/blocks.ts';
import { tryAll } from './readme/try-all.ts';
import { tryBlock } from './readme/try-block.ts';
import { openWorkbench } from './readme/workbench.ts';

const path = fileURLToPath(new URL('../README.md', import.meta.url));
const readme = existsSync(path) ? readFileSync(path, 'utf8') : '';

describe('README.md', () => {
  test('has blocks', () => {
    expect(readBlocks(readme).length).toBeGreaterThan(0);
  });
  tryAll(readme);
});

const fence = (comment: string, language: string, text: string) =>
  `${comment}\n\`\`\`${language}\n${text}\n\`\`\`\n`;

describe('the mechanism tries', () => {
  tryAll(
    [
      fence('<!-- test: file path=server.mjs -->', 'js', serverSource()),
      fence('<!-- test: background ready=http://localhost:3000/ -->', 'sh', 'node server.mjs'),
      fence('<!-- test: file path=ask.mjs -->', 'js', askSource()),
      fence('<!-- test: run -->', 'sh', 'node ask.mjs'),
      fence('<!-- test: output -->', '', 'hello … at localhost:3000\n…\nbye'),
      fence('<!-- test: run exit=3 -->', 'sh', 'exit 3'),
      fence('<!-- test: parse -->', 'json', '{"a": 1}'),
      fence('<!-- test: parse -->', 'yaml', 'a: 1'),
      fence('<!-- test: run -->', 'ts', 'const one: number = 1;\nconsole.log("one", one);'),
      fence('<!-- test: output -->', '', 'one 1'),
      fence('<!-- test: vitest -->', 'ts', snippetTest()),
      fence('<!-- test: check -->', 'ts', "import { parse } from 'yaml';\nparse('a: 1');"),
    ].join('\n'),
  );
});

describe('the mechanism refuses', () => {
  test.each([
    ['a block without a comment', '', 'sh', 'true', /no <!-- test/u],
    ['an unknown mode', '<!-- test: hope -->', 'sh', 'true', /no way to try/u],
    ['a skip without a reason', '<!-- test: skip -->', 'sh', 'true', /without reason/u],
    ['a command that fails', '<!-- test: run -->', 'sh', 'echo oh; false', /ended with 1[^]*oh/u],
    ['a command that fails midway', '<!-- test: run -->', 'sh', 'false\ntrue', /ended with 1/u],
    ['an output of nothing', '<!-- test: output -->', '', 'hello', /nothing ran/u],
    ['JSON that is not', '<!-- test: parse -->', 'json', '{a}', /JSON/u],
    ['a type error', '<!-- test: check -->', 'ts', 'const a: number = "1";', /TS2322/u],
    [
      'a test that fails',
      '<!-- test: vitest -->',
      'ts',
      snippetTest().replace('2', '3'),
      /AssertionError/u,
    ],
    ['a throwing snippet', '<!-- test: run -->', 'ts', 'throw new Error("no")', /Error: no/u],
  ])('%s', { timeout: 600_000 }, async (_title, comment, language, text, message) => {
    const [block] = readBlocks(fence(comment, language, text));
    const bench = await openWorkbench('');
    try {
      await expect(tryBlock(block!, bench, { last: null })).rejects.toThrow(message);
    } finally {
      await bench.close();
    }
  });

  test('nothing where a block is skipped with a reason', async () => {
    const [block] = readBlocks(fence('<!-- test: skip reason="it is long" -->', 'sh', 'false'));
    const bench = await openWorkbench('');
    expect(await tryBlock(block!, bench, { last: null })).toBe('it is long');
    await bench.close();
  });

  test('an output that lacks a promised line, or has it in another order', () => {
    expect(missingLine('a\nb', 'a\nx\nb')).toBeNull();
    expect(missingLine('a\nb', 'b\na')).toBe('b');
    expect(missingLine('id …!', 'id 42!')).toBeNull();
    expect(missingLine('id …!', 'id 42')).toBe('id …!');
  });
});

function serverSource(): string {
  return `import { createServer } from 'node:http';
createServer((_request, response) => response.end('hello')).listen(Number(new URL('http://localhost:3000').port));`;
}

function snippetTest(): string {
  return `import { expect, test } from 'vitest';
test('adds', () => { expect(1 + 1).toBe(2); });`;
}

function askSource(): string {
  return `console.log(await (await fetch('http://localhost:3000')).text(), 'there at localhost:3000');
console.log('bye');`;
}
