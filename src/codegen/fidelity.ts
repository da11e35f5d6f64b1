/**
 * The ledger of what the provider documents and what is assumed.
 *
 * @module
 */
import { type Documents, isMembers } from './documents.ts';
import { type Place, SpecProblem, inside, pointerNames } from './spec-problem.ts';
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

function readGrade(
  value: Readonly<Record<string, unknown>>,
  fidelity: unknown,
  place: Place,
): Grade {
  const source = value['x-fidelity-source'];
  const reason = value['x-fidelity-reason'];
  if (fidelity !== 'documented' && fidelity !== 'assumed') {
    throw new SpecProblem(inside(place, 'x-fidelity'), 'must be "documented" or "assumed".');
  }
  if (fidelity === 'assumed' && typeof reason !== 'string') {
    throw new SpecProblem(place, 'is assumed without saying why: add "x-fidelity-reason".');
  }
  return {
    subject: subjectOf(place),
    fidelity,
    ...(typeof source === 'string' ? { source: source.trim() } : {}),
    ...(typeof reason === 'string' ? { reason: reason.trim() } : {}),
  };
}

/** A readable name of a place: `POST /v1/webhooks`, `Webhook.status`, `events[]`. */
export function subjectOf({ file, pointer }: Place): string {
  const names = pointerNames(pointer);
  const [top, path = '', method = ''] = names;
  if (top === 'paths' || top === 'webhooks') {
    const rest = method === 'parameters' ? names.slice(2) : names.slice(3);
    const operation =
      names.length > 2 && method !== 'parameters' ? `${method.toUpperCase()} ${path}` : path;
    return [operation, ...rest].join(' ');
  }
  if (top === 'components' || top === '$defs') {
    const [name = '', ...rest] = top === 'components' ? names.slice(2) : names.slice(1);
    const words = rest
      .filter((one) => one !== 'properties')
      .map((one) => (one === 'items' ? '[]' : `.${one}`));
    const kind = top === 'components' && path !== 'schemas' ? `${singular(path)} ` : '';
    return `${kind}${name}${words.join('')}`;
  }
  const words = names.filter((one) => one !== 'properties');
  if (file.startsWith('schemas/')) return words.join('.') || file;
  return words.length > 0 ? words.join(' ') : file;
}

const singular = (kind: string): string => kind.replace(/s$/, '');
