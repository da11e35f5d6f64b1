/**
 * Reads a tree of sources and what each file imports and touches, with a real parser.
 *
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, posix } from 'node:path';
import { parseSync } from 'rolldown/utils';

/** Source text by path from the root, with forward slashes. */
export type Tree = ReadonlyMap<string, string>;

/** One import, re-export, dynamic import or `import('…')` type. */
export interface Import {
  /** As written; null when it is computed and so cannot be checked. */
  readonly specifier: string | null;
  readonly line: number;
}

/** What the rules need to know of one file. */
export interface Source {
  readonly path: string;
  readonly lines: number;
  readonly imports: readonly Import[];
  /** True when the file has nothing of its own, only re-exports. */
  readonly onlyReExports: boolean;
  /** True when it says `export * from`. */
  readonly exportsAll: boolean;
  /** Uses of the machine's clock: name and line. */
  readonly ambientTime: readonly { readonly name: string; readonly line: number }[];
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly [key: string]: unknown;
}

const LANGUAGES: Readonly<Record<string, 'js' | 'tsx'>> = { '.js': 'js', '.tsx': 'tsx' };

/** Sleeping is reading the clock; `setImmediate` only yields, so it is not here. */
const TIMERS = new Set(['setTimeout', 'setInterval']);
const TIME_MEMBERS = new Set([
  'Date.now',
  'performance.now',
  'process.hrtime',
  'AbortSignal.timeout',
  'Temporal.Now',
  ...[...TIMERS].map((timer) => `globalThis.${timer}`),
]);

/** Reads every `.ts`, `.tsx` and `.js` file below the given folders of `root`. */
export function readTree(root: string, folders: readonly string[]): Tree {
  const tree = new Map<string, string>();
  for (const folder of folders) {
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !/\.[cm]?[jt]sx?$/u.test(entry.name)) continue;
      const full = join(entry.parentPath, entry.name);
      const path = full.slice(root.length).replaceAll('\\', '/').replace(/^\//u, '');
      tree.set(path, readFileSync(full, 'utf8'));
    }
  }
  return tree;
}

/** Parses one file. Throws on a syntax error: a file that cannot be read cannot be judged. */
export function readSource(path: string, text: string): Source {
  const { program, errors } = parseSync(path, text, { lang: LANGUAGES[extname(path)] ?? 'ts' });
  if (errors.length > 0) throw new Error(`${path} does not parse: ${errors[0]?.message}`);
  const imports: Import[] = [];
  const ambientTime: { name: string; line: number }[] = [];
  const lineOf = (node: Node) => text.slice(0, node.start).split('\n').length;

  walk(program as unknown as Node, (node) => {
    if (IMPORTING.has(node.type) && node['source']) {
      imports.push({ specifier: literal(node['source'] as Node), line: lineOf(node) });
    }
    const name = ambientName(node);
    if (name) ambientTime.push({ name, line: lineOf(node) });
  });
  const body = program.body as unknown as readonly Node[];
  const reExports = body.filter((node) => isReExport(node));
  return {
    path,
    lines: text.trimEnd().split('\n').length,
    imports,
    onlyReExports:
      reExports.length > 0 &&
      body.every((node) => node.type === 'ImportDeclaration' || isReExport(node)),
    exportsAll: body.some((node) => node.type === 'ExportAllDeclaration'),
    ambientTime,
  };
}

/** The path that a relative import means, from the root; null for packages and `node:`. */
export function resolveImport(from: string, specifier: string): string | null {
  if (!specifier.startsWith('.')) return null;
  return posix.normalize(posix.join(posix.dirname(from), specifier));
}

const IMPORTING = new Set([
  'ImportDeclaration',
  'ExportAllDeclaration',
  'ExportNamedDeclaration',
  'ImportExpression',
  'TSImportType',
]);

function isReExport(node: Node): boolean {
  if (node.type === 'ExportAllDeclaration') return true;
  return node.type === 'ExportNamedDeclaration' && !node['declaration'];
}

function literal(node: Node): string | null {
  return node.type === 'Literal' && typeof node['value'] === 'string' ? node['value'] : null;
}

function identifier(node: unknown): string | null {
  const it = node as Node | null;
  return it?.type === 'Identifier' ? (it['name'] as string) : null;
}

/** The ambient clock that this very node touches, if any. */
function ambientName(node: Node): string | null {
  if (node.type === 'MemberExpression' && node['computed'] !== true) {
    const name = `${identifier(node['object'])}.${identifier(node['property'])}`;
    return TIME_MEMBERS.has(name) ? name : null;
  }
  if (node.type === 'NewExpression' && identifier(node['callee']) === 'Date') {
    return (node['arguments'] as unknown[]).length === 0 ? 'new Date()' : null;
  }
  if (node.type === 'CallExpression') {
    const callee = identifier(node['callee']);
    if (callee === 'Date') return 'Date()';
    return callee && TIMERS.has(callee) ? callee : null;
  }
  if (node.type === 'ImportDeclaration') {
    const from = literal(node['source'] as Node);
    return from && /^(node:)?timers(\/promises)?$/u.test(from) ? from : null;
  }
  return null;
}

function walk(node: Node, visit: (node: Node) => void): void {
  visit(node);
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (child && typeof child === 'object' && typeof (child as Node).type === 'string') {
        walk(child as Node, visit);
      }
    }
  }
}
