/**
 * The top of the tree holds only what belongs there, the map in AGENTS.md is true and short, the
 * lock file is complete.
 *
 * @module
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { SLOW_FILES } from './support/slow-files.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
  allowScripts: Record<string, boolean>;
};

const ALLOWED_AT_THE_TOP =
  'spec src schemas test docker package.json package-lock.json tsconfig.json README.md LICENSE CHANGELOG.md AGENTS.md'.split(
    ' ',
  );

describe('the top of the tree', () => {
  test('holds only what belongs there', ({ skip }) => {
    if (!existsSync(join(root, '.git'))) return skip('not a git checkout');
    const tracked = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' });
    const top = new Set(tracked.split('\n').map((path) => path.split('/')[0] ?? ''));
    const odd = [...top].filter(
      (name) => name !== '' && !name.startsWith('.') && !ALLOWED_AT_THE_TOP.includes(name),
    );
    expect(odd).toEqual([]);
  });
});

describe('AGENTS.md', () => {
  const text = readFileSync(join(root, 'AGENTS.md'), 'utf8');
  // A path in backticks: it has a slash or a file's ending, and no blank, star or placeholder.
  const named = [...text.matchAll(/`([\w.@/-]+)`/gu)]
    .map((match) => match[1] as string)
    .filter((name) => /^[\w.@-]+\/|^[\w.-]+\.(md|json|ts|js|yaml)$/u.test(name))
    .filter((name) => !name.startsWith('/') && !name.startsWith('dist/') && !isPackage(name));

  test('is shorter than 120 lines', () => {
    expect(text.trimEnd().split('\n').length).toBeLessThan(120);
  });

  test('names only what exists', () => {
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((name) => !existsSync(join(root, name)))).toEqual([]);
  });

  test('names all that is directly in src, and every folder of test that mirrors none of src', () => {
    const folders = ['src', 'test'].flatMap((folder) =>
      readdirSync(join(root, folder), { withFileTypes: true })
        .filter((entry) => folder === 'src' || (entry.isDirectory() && !mirrors(entry.name)))
        .map((entry) => `${folder}/${entry.name}${entry.isDirectory() ? '/' : ''}`),
    );
    expect(folders.filter((folder) => !named.includes(folder))).toEqual([]);
  });

  test('names every script of package.json', () => {
    const hooks = ['prepack', 'test'];
    const missing = Object.keys(manifest.scripts).filter(
      (name) => !hooks.includes(name) && !text.includes(`npm run ${name}`),
    );
    expect(missing).toEqual([]);
    expect(text).toContain('npm test');
  });
});

describe('the list of slow test files', () => {
  test('names files that exist, each once', () => {
    expect(SLOW_FILES.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    expect(new Set(SLOW_FILES).size).toBe(SLOW_FILES.length);
  });
});

describe('package-lock.json', () => {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, Locked>;
  };
  const installed = Object.keys(packages).map((path) => path.split('node_modules/').at(-1));

  test('has what every platform needs, so that `npm ci` works on each', () => {
    const optional = Object.values(packages).flatMap((one) =>
      Object.keys(one.optionalDependencies ?? {}),
    );
    expect(optional.filter((name) => !installed.includes(name))).toEqual([]);
  });

  test('has no install script that package.json does not decide on', () => {
    const scripted = Object.entries(packages)
      .filter(([, one]) => one.hasInstallScript)
      .map(([path]) => path.split('node_modules/').at(-1) ?? '');
    expect([...new Set(scripted)].toSorted()).toEqual(
      Object.keys(manifest.allowScripts).toSorted(),
    );
  });
});

interface Locked {
  readonly optionalDependencies?: Record<string, string>;
  readonly hasInstallScript?: boolean;
}

function mirrors(folder: string): boolean {
  return existsSync(join(root, 'src', folder));
}

function isPackage(name: string): boolean {
  return name.startsWith('@') || existsSync(join(root, 'node_modules', name));
}
