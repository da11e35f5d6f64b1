/**
 * One JSON Schema as zod source that accepts exactly the same values.
 *
 * @module
 */
import { docComment } from './doc-comment.ts';
import {
  type Documents,
  type Found,
  type Members,
  follow,
  isMembers,
  membersAt,
} from './documents.ts';
import { type Doc, type Item, call, group } from './layout.ts';
import { type ObjectShape, fieldSets, objectShape } from './object-shape.ts';
import { type NeedHelper, bounds, count, printText, printValues } from './scalar-printer.ts';
import { key, print } from './source-text.ts';
import { type Place, SpecProblem, inside } from './spec-problem.ts';
import { tagOf } from './tagged-union.ts';
import { type TolerantForm, excluded, openList, relax } from './tolerant.ts';
import {
  ANNOTATIONS,
  FILE_KEYWORDS,
  TYPED_KEYWORDS,
  type Type,
  checkKeywords,
  typesOf,
} from './vocabulary.ts';

/** What the printer asks of its surroundings. */
export interface PrinterContext {
  readonly documents: Documents;
  /** The name in source of the schema that a reference leads to; notes that it is needed. */
  nameOf(ref: Found): string;
  readonly helper: NeedHelper;
  /** Given for the tolerant form. */
  readonly tolerant?: TolerantForm;
}

/** The zod expression for a schema. */
export function printSchema(context: PrinterContext, found: Found): Doc {
  const { value, place } = context.tolerant ? relax(found) : found;
  if (context.tolerant && isMembers(value)) {
    const open = openList(value);
    if (open) return call(context.helper('openEnum'), group('[', open.map(print), ']'));
    const known = excluded(value);
    if (known) return call(context.helper('nameOtherThan'), ...known.map(print));
  }
  if (value === true) return 'z.unknown()';
  if (value === false) return 'z.never()';
  const schema = membersAt(value, place);
  checkKeywords(schema, place);
  const restricting = Object.keys(schema).filter((keyword) => restricts(keyword));
  if (restricting.length === 0) return 'z.unknown()';

  if (schema['$ref'] !== undefined) {
    alone(schema, ['$ref'], place);
    return context.nameOf({ value: schema, place });
  }
  if (schema['const'] !== undefined) {
    alone(schema, ['const', 'type'], place);
    return printValues([schema['const']], schema, inside(place, 'const'));
  }
  if (schema['enum'] !== undefined) {
    alone(schema, ['enum', 'type'], place);
    return printValues(list(schema['enum'], inside(place, 'enum')), schema, inside(place, 'enum'));
  }
  const types = typesOf(schema, place);
  if (types.join() === 'object' || (types.length === 0 && schema['allOf'] !== undefined)) {
    return printObject(context, schema, place);
  }
  for (const keyword of ['oneOf', 'anyOf'] as const) {
    if (schema[keyword] === undefined) continue;
    alone(schema, [keyword], place);
    return printChoice(context, keyword, schema, place);
  }
  if (schema['allOf'] !== undefined) alone(schema, ['allOf'], place);
  return printTypes(context, types, schema, place);
}

/** Whether a keyword restricts values, rather than telling people something. */
const restricts = (keyword: string): boolean =>
  !keyword.startsWith('x-') && ![...ANNOTATIONS, ...FILE_KEYWORDS].includes(keyword);

/** Reject keywords that would be dropped beside one that determines the type completely. */
function alone(schema: Members, allowed: readonly string[], place: Place): void {
  const extra = Object.keys(schema).find(
    (keyword) => restricts(keyword) && !allowed.includes(keyword),
  );
  if (extra === undefined) return;
  throw new SpecProblem(
    inside(place, extra),
    `"${extra}" cannot stand beside "${allowed[0]}". Move it into the schema that "${allowed[0]}" names, or take it out.`,
  );
}

function printChoice(
  context: PrinterContext,
  keyword: 'oneOf' | 'anyOf',
  schema: Members,
  place: Place,
): Doc {
  const from = inside(place, keyword);
  const branches = list(schema[keyword], from).map((value, at): Found => ({
    value,
    place: inside(from, at),
  }));
  const isNull = ({ value }: Found): boolean =>
    typeof value === 'object' && value !== null && Reflect.get(value, 'type') === 'null';
  const solid = branches.filter((branch) => !isNull(branch));
  const suffix = solid.length === branches.length - 1 ? '.nullable()' : '';
  const options = suffix === '' ? branches : solid;
  const printed = options.map((option) => printSchema(context, option));
  const [only] = printed;
  // `null` beside one schema: right for oneOf too, unless that schema takes null itself.
  if (printed.length === 1 && only !== undefined && !takesNull(context, options[0])) {
    return [only, suffix];
  }
  const tag = tagOf(context.documents, options, schema['discriminator'], place);
  if (tag !== null) {
    return [call('z.discriminatedUnion', print(tag), group('[', printed, ']')), suffix];
  }
  if (suffix !== '' && keyword === 'oneOf') {
    throw new SpecProblem(from, 'say "null" in the type of one of the branches.');
  }
  return [group(keyword === 'oneOf' ? 'z.xor([' : 'z.union([', printed, '])'), suffix];
}

function takesNull(context: PrinterContext, option: Found | undefined): boolean {
  if (option === undefined) return false;
  const found = follow(context.documents, option);
  return typesOf(membersAt(found.value, found.place), found.place).length !== 1;
}

function printTypes(
  context: PrinterContext,
  types: readonly Type[],
  schema: Members,
  place: Place,
): Doc {
  const solid = types.filter((type) => type !== 'null');
  const suffix = solid.length < types.length ? '.nullable()' : '';
  const printed = solid.map((type) => printType(context, type, schema, place));
  const [only] = printed;
  if (only === undefined) return 'z.null()';
  return [printed.length === 1 ? only : group('z.union([', printed, '])'), suffix];
}

function printType(context: PrinterContext, type: Type, schema: Members, place: Place): Doc {
  switch (type) {
    case 'string':
      return printText(context.helper, schema, place);
    case 'integer':
      return [`${context.helper('integer')}()`, bounds(schema, place)];
    case 'number':
      return ['z.number()', bounds(schema, place)];
    case 'boolean':
      return 'z.boolean()';
    case 'null':
      return 'z.null()';
    case 'array':
      return printArray(context, schema, place);
    case 'object':
      return printObject(context, withType(schema, 'object'), place);
  }
}

/** One of several types, with the keywords that speak of it. */
function withType(schema: Members, type: Type): Members {
  const kept = Object.entries(schema).filter(([keyword]) => {
    const types = Object.hasOwn(TYPED_KEYWORDS, keyword) ? TYPED_KEYWORDS[keyword] : undefined;
    return types?.includes(type) ?? true;
  });
  return { ...Object.fromEntries(kept), type };
}

function printArray(context: PrinterContext, schema: Members, place: Place): Doc {
  const items: Found = { value: schema['items'] ?? true, place: inside(place, 'items') };
  const parts: Doc[] = [call('z.array', printSchema(context, items))];
  if (schema['minItems'] !== undefined) {
    parts.push(`.min(${count(schema['minItems'], place, 'minItems')})`);
  }
  if (schema['maxItems'] !== undefined) {
    parts.push(`.max(${count(schema['maxItems'], place, 'maxItems')})`);
  }
  if (schema['uniqueItems'] === true) parts.push(call('.check', context.helper('uniqueItems')));
  if (schema['not'] !== undefined) {
    const loner = JSON.stringify(lonerOf(schema['not'], place));
    parts.push(call('.check', `${context.helper('standsAlone')}(${loner})`));
  }
  return parts;
}

/** The text that must be a list's only item: the one supported use of `not`. */
function lonerOf(not: unknown, place: Place): string {
  const { contains, minItems, ...rest } = isMembers(not) ? not : {};
  const { const: loner, ...more } = isMembers(contains) ? contains : {};
  const others = Object.keys({ ...rest, ...more });
  if (typeof loner === 'string' && minItems === 2 && others.length === 0) return loner;
  throw new SpecProblem(
    inside(place, 'not'),
    'only {contains: {const: text}, minItems: 2} is supported: a text that must be the only item. Use another keyword.',
  );
}

function printObject(context: PrinterContext, schema: Members, place: Place): Doc {
  for (const keyword of ['oneOf', 'anyOf']) {
    if (schema[keyword] === undefined || fieldSets(schema[keyword], place)) continue;
    throw new SpecProblem(
      inside(place, keyword),
      `beside "type: object", "${keyword}" can only list branches such as {required: [name]}. Give each branch a schema of its own.`,
    );
  }
  const shape = objectShape(context.documents, { value: schema, place });
  const items = [...shape.properties].map(([name, found]): Item => {
    const optional = shape.required.has(name) ? '' : '.optional()';
    const comment = docComment(typeof found.value === 'object' ? { ...found.value } : {});
    const doc = [`${key(name)}: `, printSchema(context, found), optional];
    return comment.length > 0 ? { comment, doc } : { doc };
  });
  const { additional } = shape;
  const isMap = typeof additional === 'object';
  const parts: Doc[] = [
    group(
      `${additional === 'closed' ? 'z.strictObject' : isMap ? 'z.object' : 'z.looseObject'}({`,
      items,
      '})',
    ),
  ];
  if (isMap) parts.push(call('.catchall', printSchema(context, additional)));
  const checks = objectChecks(context, shape);
  if (checks.length > 0) parts.push(call('.check', ...checks));
  return parts;
}

function objectChecks(context: PrinterContext, shape: ObjectShape): Doc[] {
  const checks: Doc[] = [];
  const undeclared = [...shape.required].filter((name) => !shape.properties.has(name));
  if (undeclared.length > 0)
    checks.push(call(context.helper('required'), ...undeclared.map(print)));
  for (const keyword of ['minProperties', 'maxProperties'] as const) {
    if (shape[keyword] !== null) checks.push(`${context.helper(keyword)}(${shape[keyword]})`);
  }
  for (const { keyword, sets } of shape.alternatives) {
    const helper = context.helper(keyword === 'oneOf' ? 'exactlyOneOf' : 'atLeastOneOf');
    checks.push(call(helper, ...sets.map((names) => group('[', names.map(print), ']'))));
  }
  return checks;
}

function list(value: unknown, place: Place): readonly unknown[] {
  if (Array.isArray(value) && value.length > 0) return value;
  throw new SpecProblem(place, 'expected a list with at least one item.');
}
