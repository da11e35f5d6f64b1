/**
 * The ledger of what the provider documents and what is assumed.
 *
 * @module
 */
import { type Documents, type Members, isMembers } from './documents.ts';
import { type Place, SpecProblem, inside, pointerNames } from './spec-problem.ts';
import { EXTENSIONS } from './vocabulary.ts';
import { isExample } from './walk.ts';

/** One graded thing. */
export interface Grade {
  /** Such as `POST /v1/webhooks` or `Webhook.status`. */
  readonly subject: string;
  readonly fidelity: 'documented' | 'assumed';
  /** Where it is documented. */
  readonly source?: string;
  /** Why it is assumed. */
  readonly reason?: string;
}

/** Every grade in these files, in the order of the files. */
export function ledger(documents: Documents, files: readonly string[]): Grade[] {
  const grades: Grade[] = [];
  const visit = (value: unknown, place: Place): void => {
    if (Array.isArray(value)) {
      for (const [at, item] of value.entries()) visit(item, inside(place, at));
      return;
    }
    if (!isMembers(value)) return;
    const fidelity = value['x-fidelity'];
    if (fidelity !== undefined) grades.push(readGrade(value, fidelity, place));
    for (const [name, member] of Object.entries(value)) {
      if (!isExample(name, member, place)) visit(member, inside(place, name));
    }
  };
  for (const file of files) visit(documents.read(file), { file, pointer: '' });
  return grades;
}

function readGrade(value: Members, fidelity: unknown, place: Place): Grade {
  const source = value['x-fidelity-source'];
  const reason = value['x-fidelity-reason'];
  if (fidelity !== 'documented' && fidelity !== 'assumed') {
    throw new SpecProblem(inside(place, 'x-fidelity'), 'must be "documented" or "assumed".');
  }
  if (fidelity === 'assumed' && typeof reason !== 'string') {
    throw new SpecProblem(place, 'is assumed without saying why: add "x-fidelity-reason".');
  }
  return {
    subject: subjectOf(place, value),
    fidelity,
    ...(typeof source === 'string' ? { source: source.trim() } : {}),
    ...(typeof reason === 'string' ? { reason: reason.trim() } : {}),
  };
}

/** What a schema's grade says, in words: `assumed: … (documented in part: …)`. Null without a grade. */
export function fidelityInWords(schema: Members): string | null {
  const grade = schema['x-fidelity'];
  const source = text(schema['x-fidelity-source']);
  const reason = text(schema['x-fidelity-reason']);
  if (typeof grade !== 'string') return null;
  if (grade === 'documented') return [grade, source].filter(Boolean).join(': ');
  return `${[grade, reason].filter(Boolean).join(': ')}${source ? ` (Documented in part: ${source}.)` : ''}`;
}

const text = (value: unknown): string | null => (typeof value === 'string' ? value.trim() : null);

/** A readable name of a place: `POST /v1/webhooks`, `Webhook.status`, `delivery policy redirects`. */
function subjectOf({ file, pointer }: Place, value: Members): string {
  const names = pointerNames(pointer);
  const [top = '', second = '', third = ''] = names;
  const extension = names.findIndex((name) => name.startsWith('x-') && name !== 'x-limits');
  if (extension !== -1) {
    const words = names.slice(extension).join(' ').replace(/^x-/, '').split('-');
    if (Object.hasOwn(EXTENSIONS, names[extension] ?? '')) return words.join(' ');
  }
  switch (top) {
    case '':
      return file;
    case 'x-limits':
      return `limits of ${file}`;
    case 'servers':
      return `server ${typeof value['url'] === 'string' ? value['url'] : second}`;
    case 'channels':
    case 'operations':
      return [singular(top), ...names.slice(1)].join(' ');
    case 'paths':
      if (third === 'parameters' || third === '') return [second, ...names.slice(2)].join(' ');
      return [third.toUpperCase(), second, ...inWords(names.slice(3))].join(' ');
    case 'webhooks':
      return ['webhook', second, ...inWords(names.slice(3))].join(' ');
    case 'components':
      if (second === 'schemas') return schemaSubject(names.slice(2));
      if (third !== '' && names.includes('headers')) return `header ${names.at(-1)}`;
      return `${singular(second)} ${schemaSubject(names.slice(2))}`;
    case '$defs':
      return schemaSubject(names.slice(1));
    default:
      return names.join(' ');
  }
}

/** `Webhook.events[]`. */
function schemaSubject([name = '', ...rest]: readonly string[]): string {
  const words = rest.filter((one) => one !== 'properties');
  return name + words.map((one) => (one === 'items' ? '[]' : `.${one}`)).join('');
}

const inWords = (names: readonly string[]): string[] => names.map((name) => singular(name));

const singular = (kind: string): string =>
  [
    'channels',
    'operations',
    'responses',
    'parameters',
    'headers',
    'messages',
    'messageTraits',
    'securitySchemes',
    'examples',
    'requestBodies',
  ].includes(kind)
    ? kind.replace(/ies$/, 'y').replace(/s$/, '')
    : kind;
