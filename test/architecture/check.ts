/**
 * The rules of the tree. Each takes the parsed sources and answers with violations, so that a test
 * can show it a tree that breaks the rule.
 *
 * @module
 */
import { type Import, type Source, type Tree, readSource, resolveImport } from './source.ts';
import {
  COMPUTED_IMPORTS,
  ADAPTERS,
  AMBIENT_TIME,
  COMPOSITION_ROOTS,
  GRANTS,
  PUBLIC_ENTRIES,
  ROOMS,
} from './table.ts';

/** One broken rule at one place. */
export interface Violation {
  readonly rule:
    | 'import-table'
    | 'unknown-room'
    | 'missing-file'
    | 'computed-import'
    | 'cycle'
    | 'barrel'
    | 'adapter'
    | 'ambient-time'
    | 'name'
    | 'header';
  readonly path: string;
  /** What is wrong and what would be right. */
  readonly message: string;
}

/** The room that a file belongs to: a folder of `src/`, a file directly in it, or `schemas`. */
export function roomOf(path: string): string {
  if (path.startsWith('schemas/')) return 'schemas';
  const [top, second = ''] = path.split('/');
  if (top !== 'src') return path;
  return second.replace(/\.ts$/u, '');
}

/** Checks a tree of `src/` and `schemas/` against every rule. */
export function check(tree: Tree, known: (path: string) => boolean = () => false): Violation[] {
  const sources = [...tree].map(([path, text]) => readSource(path, text));
  return [
    ...sources.flatMap((source) => checkImports(source, (path) => tree.has(path) || known(path))),
    ...findCycles(sources),
    ...sources.flatMap(checkBarrel),
    ...sources.flatMap(checkAmbientTime),
    ...sources.flatMap((source) => checkName(source.path)),
    ...[...tree].flatMap(([path, text]) => checkHeader(path, text)),
  ];
}

function checkImports(source: Source, exists: (path: string) => boolean): Violation[] {
  const { path } = source;
  const room = ROOMS.find(({ name }) => name === roomOf(path));
  if (!room) return [{ rule: 'unknown-room', path, message: 'has no row in the import table' }];
  return source.imports.flatMap((one): Violation[] => {
    const where = `line ${one.line}`;
    if (one.specifier === null) {
      if (COMPUTED_IMPORTS.some((entry) => entry.path === path)) return [];
      return [{ rule: 'computed-import', path, message: `${where}: name the file literally` }];
    }
    const target = targetOf(path, one);
    if (target === null) return [];
    if (!exists(target)) {
      return [{ rule: 'missing-file', path, message: `${where}: ${target} does not exist` }];
    }
    return [...checkTable(room.name, path, target, where), ...checkAdapter(path, target, where)];
  });
}

function checkTable(room: string, path: string, target: string, where: string): Violation[] {
  const to = roomOf(target);
  const may = ROOMS.find(({ name }) => name === room)?.may ?? [];
  if (to === room || may.includes(to) || may.includes(target)) return [];
  if (grantFor(path, target)) return [];
  const allowed = may.length > 0 ? may.join(', ') : 'nothing of ours';
  return [
    {
      rule: 'import-table',
      path,
      message: `${where}: ${room} may import ${allowed}; not ${target}`,
    },
  ];
}

/** The grant beyond the table that covers this import, if any. */
export function grantFor(path: string, target: string): (typeof GRANTS)[number] | undefined {
  return GRANTS.find(
    ({ from, to }) => [path, roomOf(path)].includes(from) && [target, roomOf(target)].includes(to),
  );
}

function checkAdapter(path: string, target: string, where: string): Violation[] {
  if (COMPOSITION_ROOTS.includes(path) || roomOf(path) === roomOf(target)) return [];
  return ADAPTERS.filter(({ adapters }) => adapters.test(target)).map(({ port }) => ({
    rule: 'adapter',
    path,
    message: `${where}: only ${COMPOSITION_ROOTS.join(' and ')} picks ${target}; use ${port}`,
  }));
}

function checkBarrel({ path, onlyReExports, exportsAll }: Source): Violation[] {
  if (PUBLIC_ENTRIES.includes(path)) return [];
  const because = exportsAll ? 'says "export *"' : onlyReExports ? 'only re-exports' : null;
  return because ? [{ rule: 'barrel', path, message: `${because}; import the file itself` }] : [];
}

function checkAmbientTime({ path, ambientTime }: Source): Violation[] {
  if (AMBIENT_TIME.some((one) => covers(one.path, path))) return [];
  return ambientTime.map(({ name, line }) => ({
    rule: 'ambient-time',
    path,
    message: `line ${line}: ${name} reads the machine's clock; take \`now\` as an argument`,
  }));
}

/** Whether an entry of the exceptions (a file, or a folder ending in `/`) covers a file. */
export function covers(entry: string, path: string): boolean {
  return entry.endsWith('/') ? path.startsWith(entry) : entry === path;
}

/** Names are kebab-case, folder by folder; dots part suffixes (`a-b.test.ts`). */
export function checkName(path: string): Violation[] {
  const odd = path.split('/').find((part) => !/^\.?[a-z0-9]+([.-][a-z0-9]+)*$/u.test(part));
  return odd ? [{ rule: 'name', path, message: `"${odd}" is not kebab-case` }] : [];
}

function checkHeader(path: string, text: string): Violation[] {
  if (!path.startsWith('src/') || /^(#!.*\n)?\/\*\*[^]*?@module/u.test(text)) return [];
  return [{ rule: 'header', path, message: 'has no `@module` header of one to three lines' }];
}

/** Cycles between files, each reported once as `a → b → a`. */
export function findCycles(sources: readonly Source[]): Violation[] {
  const edges = new Map(
    sources.map((source) => [
      source.path,
      source.imports.flatMap((one) => targetOf(source.path, one) ?? []),
    ]),
  );
  const done = new Set<string>();
  const found: Violation[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path);
    if (at !== -1) {
      const loop = [...trail.slice(at), path].join(' → ');
      found.push({ rule: 'cycle', path, message: loop });
      return;
    }
    if (done.has(path)) return;
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of edges.keys()) visit(path, []);
  return found;
}

function targetOf(path: string, { specifier }: Import): string | null {
  return specifier === null ? null : resolveImport(path, specifier);
}
