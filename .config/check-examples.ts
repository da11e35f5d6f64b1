/**
 * Writes `src/docs/checks.json`, the pages of the checks: requirement, cause and fix, the wrong examples that the check must
 * catch, as code, and the right code that they replace, cut out of the receivers that the suite is tested with
 * (`test/receivers/`); and what the suite prints of both, as `npm run pages` has recorded it. `--check` changes nothing and
 * fails when the file is not up to date.
 *
 * @module
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'rolldown/utils';
import { CATALOGUE } from '../src/conformance/catalogue.ts';
import type { CheckPage, WrongExample } from '../src/domain/check-page.ts';
import { judgesRun, mutantOf, readOutputs } from '../test/conformance/page-outputs.ts';
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

/** What a node says is wrong with its mutant: an object's `fault`, or the second argument of a call. */
const faultTextOf = (node: Node): string | null => {
  if (node.type === 'CallExpression') return stringOf((node['arguments'] as unknown[])[1]);
  if (node.type !== 'ObjectExpression') return null;
  const fault = (node['properties'] as Node[]).find(
    ({ key }) => isNode(key) && key['name'] === 'fault',
  );
  return stringOf(fault?.['value']);
};

/** What a text overrides of the right receiver: methods of a class, or members of an object that replaces some. */
const overriddenIn = (text: string): string[] =>
  [
    ...text.matchAll(
      /\boverride (?:async |get )?(?<name>\w+)\(|^ +(?<member>\w+): (?:async )?\(/gmu,
    ),
  ]
    .map(({ groups }) => groups?.['name'] ?? groups?.['member'] ?? '')
    .filter((name) => methodsOfModel.has(name));

/** The fault itself: the members of the class that breaks the receiver, or the function that decides wrongly. */
const faultIn = (source: Source, node: Node): string => {
  const broken = [...walk(node)].find(({ type }) => type === 'ClassBody');
  const members = broken === undefined ? [] : (broken['body'] as Node[]);
  if (members.length > 0) {
    return members.map((member) => cut(source, member).replace(/^override /u, '')).join('\n\n');
  }
  const last = node.type === 'CallExpression' ? (node['arguments'] as Node[])[2] : undefined;
  if (last?.type === 'Identifier') {
    const named = functions.get(String(last['name']));
    if (named !== undefined) return `const ${named};`;
  }
  if (last?.type === 'ArrowFunctionExpression') return cut(source, last);
  return withDefinition(cut(source, node));
};

/** A call or an object that only names a class or a function: with what it names. */
const withDefinition = (snippet: string): string => {
  const made = /new (?<name>\w+)\((?<args>[^;]*?)\),?\s*\}?$/u.exec(snippet)?.groups;
  const className =
    made?.['name'] ??
    /^mutant\([^)]*?\b(?<name>[A-Z]\w+)\b(?=,|\))/u.exec(snippet)?.groups?.['name'];
  const definition = classes.get(className ?? '');
  if (definition !== undefined) {
    const args = made?.['args'] ?? 'secret';
    return args === 'secret' ? definition : `${definition}\n\nnew ${className}(${args});`;
  }
  const callee = /^(?<name>\w+)\(/u.exec(snippet)?.groups?.['name'];
  const text = functions.get(callee ?? '');
  return text === undefined || callee === 'mutant' ? snippet : `const ${text};\n\n${snippet};`;
};

interface Definition {
  readonly whole: string;
  readonly fault: string;
}

const functions = new Map<string, string>();
const classes = new Map<string, string>();
const definitions = new Map<string, Definition>();
/** The same by what is wrong: families of mutants put their name together. */
const byFault = new Map<string, Definition>();
for (const source of sources) {
  for (const node of walk(source.program)) {
    if (node.type === 'VariableDeclarator') {
      functions.set(String((node['id'] as Node)['name']), cut(source, node));
    }
    if (node.type === 'ClassDeclaration') {
      classes.set(String((node['id'] as Node)['name']), cut(source, node));
    }
  }
}
for (const source of sources) {
  for (const node of walk(source.program)) {
    const name = definedBy(node);
    const fault = faultTextOf(node);
    if (name === null || (definitions.has(name) && (fault === null || byFault.has(fault))))
      continue;
    const definition = { whole: cut(source, node), fault: faultIn(source, node) };
    if (!definitions.has(name)) definitions.set(name, definition);
    if (fault !== null) byFault.set(fault, definition);
  }
}

/** The text of the function of that name. */
const helper = (name: string): string => functions.get(name) ?? '';

/** What a mutant overrides: itself, by what it names, or by the functions that make it. */
const overriddenBy = ({ whole, fault }: Definition): string[] => {
  const own = [...overriddenIn(whole), ...overriddenIn(fault)];
  if (own.length > 0) return own;
  const callee = /^(?<callee>\w+)\(/u.exec(whole)?.groups?.['callee'];
  const text = helper(callee ?? '');
  const inner = overriddenIn(text);
  if (inner.length > 0) return inner;
  const next = /=>\s*(?<callee>\w+)\(/u.exec(text)?.groups?.['callee'];
  return overriddenIn(helper(next ?? ''));
};

const definitionOf = (mutant: string): Definition | undefined =>
  definitions.get(mutant) ??
  byFault.get(MUTANTS.find(({ name }) => name === mutant)?.fault ?? '') ??
  definitions.get(mutant.replace(/^[a-z]+-/u, '')) ??
  definitions.get(mutant.replace(/^[a-z]+-[a-z]+-/u, ''));

const NOTHING: Definition = { whole: '', fault: '' };

const outputs = new Map(readOutputs().map((output) => [output.id, output]));

/** The receivers that the check catches, the one that it shows first. */
const wrongOf = (catches: readonly string[], example: string): readonly WrongExample[] =>
  catches
    .toSorted((one, other) => Number(other === example) - Number(one === example))
    .map((name) => ({
      name,
      fault: mutantOf(name).fault,
      code: definitionOf(name)?.fault ?? '',
    }));

const pages = CATALOGUE.map((check): CheckPage => {
  const { id, level, title, requirement, cause, fix, catches } = check;
  const output = outputs.get(id);
  if (output === undefined) throw new Error(`${id} has no output. Run npm run pages -- ${id}.`);
  const rightNames = catches.flatMap((name) => overriddenBy(definitionOf(name) ?? NOTHING));
  return {
    id,
    level,
    title,
    requirement: requirement.text,
    source: requirement.source,
    judgesRun: judgesRun(check),
    cause,
    fix,
    wrong: wrongOf(catches, output.example),
    right: [...new Set(rightNames)].flatMap((name) => methodsOfModel.get(name) ?? []),
    output: { wrong: output.wrong, right: output.right },
  };
});

const written = `${JSON.stringify(pages, null, 2)}\n`;
if (process.argv.includes('--check')) {
  if (readFileSync(file, 'utf8') !== written) {
    console.error('src/docs/checks.json is not up to date. Run `npm run gen` and commit.');
    process.exitCode = 1;
  }
} else writeFileSync(file, written);
