/**
 * The import table, cycles, barrels, adapters, the one clock, names and sizes, for the real tree;
 * and for every rule a small tree that breaks it.
 *
 * @module
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type Violation, check, checkName, covers, grantFor } from './architecture/check.ts';
import { type Tree, readSource, readTree, resolveImport } from './architecture/source.ts';
import { AMBIENT_TIME, GRANTS, PUBLIC_ENTRIES, ROOMS, SIZES } from './architecture/table.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
// Templates are written into users' folders, beside files that are not beside them here.
const tree: Tree = new Map(
  [...readTree(root, ['src', 'schemas'])].filter(([path]) => !path.startsWith('src/templates/')),
);
const isThere = (path: string) => existsSync(join(root, path));

const show = ({ rule, path, message }: Violation) => `${rule}: ${path}: ${message}`;

/** Header, so that a small tree breaks one rule only. */
const file = (text: string) => `/** @module */\n${text}`;
const small = (files: Record<string, string>): Tree =>
  new Map(Object.entries(files).map(([path, text]) => [path, file(text)]));

describe('the tree', () => {
  test('keeps every rule', () => {
    expect(check(tree, isThere).map(show)).toEqual([]);
  });

  test('has small files', () => {
    const sizes = [...tree]
      .filter(([path]) => path.startsWith('src/'))
      .map(([path, text]) => ({ path, lines: readSource(path, text).lines }))
      .toSorted((a, b) => a.lines - b.lines);
    const at = sizes[Math.ceil((sizes.length * SIZES.percentile) / 100) - 1];
    expect(at?.lines, `${SIZES.percentile}th percentile: ${at?.path}`).toBeLessThan(
      SIZES.belowAtPercentile,
    );
    expect(sizes.filter(({ lines }) => lines > SIZES.most)).toEqual([]);
  });

  test('names files of tests and tools in kebab-case too', () => {
    const paths = [...readTree(root, ['test', '.config']).keys()];
    expect(paths.filter((path) => !path.includes('node_modules')).flatMap(checkName)).toEqual([]);
  });

  test('needs every exception that is listed', () => {
    const sources = [...tree].map(([path, text]) => readSource(path, text));
    const used = new Set(
      sources.flatMap(({ path, imports }) =>
        imports.map(({ specifier }) => grantFor(path, resolveImport(path, specifier ?? '') ?? '')),
      ),
    );
    expect(GRANTS.filter((grant) => !used.has(grant))).toEqual([]);
    const idle = AMBIENT_TIME.filter(
      (entry) =>
        !sources.some(
          ({ path, ambientTime }) => covers(entry.path, path) && ambientTime.length > 0,
        ),
    );
    expect(idle).toEqual([]);
    expect([...GRANTS, ...AMBIENT_TIME].filter(({ reason }) => reason.length < 8)).toEqual([]);
  });

  test('gives every folder of src one row in the table', () => {
    const names = ROOMS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('each rule can fail', () => {
  const broken: { title: string; files: Record<string, string>; expected: readonly string[] }[] = [
    {
      title: 'an import that the table does not give',
      files: {
        'src/domain/a.ts': "import { b } from '../engine/b.ts';\nexport const a = b;",
        'src/engine/b.ts': 'export const b = 1;',
      },
      expected: ['import-table'],
    },
    {
      title: 'a type-only import',
      files: {
        'src/storage/a.ts': "import type { B } from '../clock/b.ts';\nexport type A = B;",
        'src/clock/b.ts': 'export interface B {}',
      },
      expected: ['import-table'],
    },
    {
      title: 'an import inside a type',
      files: {
        'src/storage/a.ts': "export type A = import('../clock/b.ts').B;",
        'src/clock/b.ts': 'export interface B {}',
      },
      expected: ['import-table'],
    },
    {
      title: 'a dynamic import',
      files: {
        'src/clock/a.ts': "export const a = () => import('../domain/b.ts');",
        'src/domain/b.ts': 'export const b = 1;',
      },
      expected: ['import-table'],
    },
    {
      title: 'a re-export from a room that is out of bounds',
      files: {
        'src/domain/a.ts': "export { b } from '../client/b.ts';\nexport const a = 1;",
        'src/client/b.ts': 'export const b = 1;',
      },
      expected: ['import-table'],
    },
    {
      title: 'schemas importing from src',
      files: {
        'schemas/a.ts': "import '../src/domain/b.ts';",
        'src/domain/b.ts': 'export const b = 1;',
      },
      expected: ['import-table'],
    },
    {
      title: 'anything importing the generator',
      files: {
        'src/create-mock.ts': "import '../src/codegen/b.ts';",
        'src/codegen/b.ts': 'export const b = 1;',
      },
      expected: ['import-table'],
    },
    {
      title: 'an import that cannot be resolved',
      files: { 'src/domain/a.ts': 'export const a = (name: string) => import(name);' },
      expected: ['computed-import'],
    },
    {
      title: 'a source importing a test',
      files: { 'src/domain/a.ts': "import '../../test/receivers/b.ts';" },
      expected: ['import-table'],
    },
    {
      title: 'an import of nothing',
      files: { 'src/domain/a.ts': "import './b.ts';" },
      expected: ['missing-file'],
    },
    {
      title: 'a folder that is not in the table',
      files: { 'src/helpers/a.ts': 'export const a = 1;' },
      expected: ['unknown-room'],
    },
    {
      title: 'a cycle between two files',
      files: {
        'src/domain/a.ts': "import { b } from './b.ts';\nexport const a = () => b;",
        'src/domain/b.ts': "import { a } from './a.ts';\nexport const b = () => a;",
      },
      expected: ['cycle'],
    },
    {
      title: 'a cycle of types over three files',
      files: {
        'src/domain/a.ts': "import type { B } from './b.ts';\nexport type A = B;",
        'src/domain/b.ts': "import type { C } from './c.ts';\nexport type B = C;",
        'src/domain/c.ts': "import type { A } from './a.ts';\nexport interface C { a: A }",
      },
      expected: ['cycle'],
    },
    {
      title: 'a barrel',
      files: {
        'src/domain/a.ts': "export { b } from './b.ts';",
        'src/domain/b.ts': 'export const b = 1;',
      },
      expected: ['barrel'],
    },
    {
      title: 'a barrel in two steps',
      files: {
        'src/domain/a.ts': "import { b } from './b.ts';\nexport { b };",
        'src/domain/b.ts': 'export const b = 1;',
      },
      expected: ['barrel'],
    },
    {
      title: 'export * amid other code',
      files: {
        'src/domain/a.ts': "export * from './b.ts';\nexport const a = 1;",
        'src/domain/b.ts': 'export const b = 1;',
      },
      expected: ['barrel'],
    },
    {
      title: 'an adapter picked outside the composition root',
      files: {
        'src/engine/a.ts': "import { s } from '../clock/system.ts';\nexport const a = s;",
        'src/clock/system.ts': 'export const s = 1;',
      },
      expected: ['adapter'],
    },
    {
      title: 'a store picked by the server',
      files: {
        'src/server/a.ts':
          "import { s } from '../storage/sqlite/sqlite-store.ts';\nexport const a = s;",
        'src/storage/sqlite/sqlite-store.ts': 'export const s = 1;',
      },
      expected: ['import-table', 'adapter'],
    },
    ...[
      'Date.now()',
      'performance.now()',
      'new Date()',
      'Date()',
      'setTimeout(() => {}, 1)',
      'globalThis.setTimeout(() => {}, 1)',
      'AbortSignal.timeout(1)',
    ].map((code) => ({
      title: code,
      files: { 'src/domain/a.ts': `export const a = () => ${code};` },
      expected: ['ambient-time'],
    })),
    {
      title: 'timers by import',
      files: {
        'src/domain/a.ts':
          "import { setTimeout as sleep } from 'node:timers/promises';\nexport const a = sleep;",
      },
      expected: ['ambient-time'],
    },
    {
      title: 'a name that is not kebab-case',
      files: { 'src/domain/camelCase.ts': 'export const a = 1;' },
      expected: ['name'],
    },
  ];

  test.each(broken)('$title', ({ files, expected }) => {
    const known = (path: string) => path.startsWith('test/');
    expect(check(small(files), known).map(({ rule }) => rule)).toEqual(expected);
  });

  test('a missing header', () => {
    const bare: Tree = new Map([['src/domain/a.ts', 'export const a = 1;']]);
    expect(check(bare).map(({ rule }) => rule)).toEqual(['header']);
  });

  test('and passes what is allowed', () => {
    const fine = small({
      [PUBLIC_ENTRIES[0] as string]: "export { a } from './create-mock.ts';",
      'src/create-mock.ts':
        "import { s } from './storage/sqlite/sqlite-store.ts';\nimport 'hono';\nexport const a = s;",
      'src/storage/sqlite/sqlite-store.ts':
        "import type { D } from '../../domain/d.ts';\nexport const s: D = 1;",
      'src/domain/d.ts': 'export type D = number;\nexport const at = (ms: number) => new Date(ms);',
    });
    expect(check(fine)).toEqual([]);
  });
});
