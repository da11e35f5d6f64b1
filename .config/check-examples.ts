/**
 * Writes `src/docs/checks.json`: for every check the wrong examples that it must catch, as code, and the right code that they
 * replace. Both are cut out of the receivers that the suite is tested with (`test/receivers/`). `--check` changes nothing
 * and fails when the file is not up to date.
 *
 * @module
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'rolldown/utils';
import { CATALOGUE } from '../src/conformance/catalogue.ts';
import { MUTANTS } from '../test/receivers/mutants/all.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const file = join(root, 'src', 'docs', 'checks.json');
const folder = join(root, 'test', 'receivers', 'mutants');

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

interface Source {
  readonly text: string;
  readonly program: Node;
}

const sourceOf = (path: string): Source => {
  const text = readFileSync(path, 'utf8');
  return { text, program: parseSync(path, text).program as unknown as Node };
};

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';

function* childrenOf(node: Node): Generator<Node> {
  for (const value of Object.values(node)) {
    for (const one of Array.isArray(value) ? value : [value]) if (isNode(one)) yield one;
  }
}

function* walk(node: Node): Generator<Node> {
  yield node;
  for (const child of childrenOf(node)) yield* walk(child);
}

/** Source text without the indentation of its first line's place. */
const cut = ({ text }: Source, { start, end }: Node): string => {
  const lineStart = text.lastIndexOf('\n', start) + 1;
  const indent = /^\s*/u.exec(text.slice(lineStart))![0];
  return text.slice(start, end).replaceAll(`\n${indent}`, '\n');
};

const stringOf = (node: unknown): string | null =>
  isNode(node) && node.type === 'Literal' && typeof node['value'] === 'string'
    ? node['value']
    : null;

/** The name of a mutant that a node defines: an object's `name`, or the first argument of a call. */
const definedBy = (node: Node): string | null => {
  if (node.type === 'CallExpression') return stringOf((node['arguments'] as unknown[])[0]);
  if (node.type !== 'ObjectExpression') return null;
  const name = (node['properties'] as Node[]).find(
    ({ key }) => isNode(key) && key['name'] === 'name',
  );
  return stringOf(name?.['value']);
};

const sources = readdirSync(folder)
  .filter((name) => name.endsWith('.ts'))
  .map((name) => sourceOf(join(folder, name)));

const model = sourceOf(join(root, 'test', 'receivers', 'model', 'receiver.ts'));

const methodsOfModel = new Map(
  [...walk(model.program)]
    .filter(({ type }) => type === 'MethodDefinition')
    .map((node) => [String((node['key'] as Node)['name']), cut(model, node)]),
);

/** What a text overrides of the right receiver. */
const overriddenIn = (text: string): string[] =>
  [...text.matchAll(/\boverride (?:async |get )?(?<name>\w+)\(/gu)].map(
    ({ groups }) => groups?.['name'] ?? '',
  );

/** The fault itself: the members of the class that breaks the receiver, or the function that decides wrongly. */
const faultIn = (source: Source, node: Node): string => {
  const broken = [...walk(node)].find(({ type }) => type === 'ClassBody');
  const members = broken === undefined ? [] : (broken['body'] as Node[]);
  if (members.length > 0) {
    return members.map((member) => cut(source, member).replace(/^override /u, '')).join('\n\n');
  }
  const last = node.type === 'CallExpression' ? (node['arguments'] as Node[])[2] : undefined;
  return cut(source, last?.type === 'ArrowFunctionExpression' ? last : node);
};

const functions = new Map<string, string>();
const definitions = new Map<string, { readonly whole: string; readonly fault: string }>();
for (const source of sources) {
  for (const node of walk(source.program)) {
    if (node.type === 'VariableDeclarator') {
      functions.set(String((node['id'] as Node)['name']), cut(source, node));
    }
    const name = definedBy(node);
    if (name !== null && !definitions.has(name)) {
      definitions.set(name, { whole: cut(source, node), fault: faultIn(source, node) });
    }
  }
}

/** The text of the function of that name. */
const helper = (name: string): string => functions.get(name) ?? '';

/** What a snippet overrides, itself or by the functions that make it. */
const overriddenBy = (snippet: string): string[] => {
  const own = overriddenIn(snippet);
  if (own.length > 0) return own;
  const callee = /^(?<callee>\w+)\(/u.exec(snippet)?.groups?.['callee'];
  if (callee === undefined) return [];
  const text = helper(callee);
  const inner = overriddenIn(text);
  if (inner.length > 0) return inner;
  const next = /=>\s*(?<callee>\w+)\(/u.exec(text)?.groups?.['callee'];
  return next === undefined ? [] : overriddenIn(helper(next));
};

const definitionOf = (mutant: string) =>
  definitions.get(mutant) ?? definitions.get(mutant.replace(/^[a-z]+-/u, ''));

const examples = CATALOGUE.map(({ id, catches }) => ({
  id,
  wrong: catches.map((name) => {
    const mutant = MUTANTS.find((one) => one.name === name)!;
    return { name, fault: mutant.fault, code: definitionOf(name)?.fault ?? null };
  }),
  right: [
    ...new Set(catches.flatMap((name) => overriddenBy(definitionOf(name)?.whole ?? ''))),
  ].flatMap((name) => methodsOfModel.get(name) ?? []),
}));

const written = `${JSON.stringify(examples, null, 2)}\n`;
if (process.argv.includes('--check')) {
  if (readFileSync(file, 'utf8') !== written) {
    console.error('src/docs/checks.json is not up to date. Run `npm run gen` and commit.');
    process.exitCode = 1;
  }
} else writeFileSync(file, written);
