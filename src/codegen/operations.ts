/**
 * The operations of an OpenAPI document.
 *
 * @module
 */
import { type Documents, follow, isMembers, membersAt } from './documents.ts';
import { type Place, SpecProblem, inside } from './spec-problem.ts';

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'] as const;

/** One operation. */
export interface Operation {
  readonly operationId: string;
  /** In capitals. */
  readonly method: string;
  /** With `{parameters}` in braces. */
  readonly path: string;
  /** Names of its query parameters, in the order of the document. */
  readonly query: readonly string[];
  /** Documented statuses, ascending. */
  readonly statuses: readonly number[];
}

/** Every operation under `paths`, in the order of the document. */
export function operationsOf(documents: Documents, file: string): Operation[] {
  const place: Place = { file, pointer: '/paths' };
  const paths = membersAt(documents.read(file)['paths'], place);
  return Object.entries(paths).flatMap(([path, item]) => {
    const members = membersAt(item, inside(place, path));
    return METHODS.filter((method) => members[method] !== undefined).map((method) =>
      readOperation(path, method, members[method], inside(place, path, method), documents),
    );
  });
}

/** Names of the query parameters under `parameters`, references included. */
function queryNames(documents: Documents, parameters: unknown, place: Place): string[] {
  const list: readonly unknown[] = Array.isArray(parameters) ? parameters : [];
  return list.flatMap((parameter, at) => {
    const found = follow(documents, { value: parameter, place: inside(place, at) });
    const { name, in: location } = membersAt(found.value, found.place);
    return location === 'query' && typeof name === 'string' ? [name] : [];
  });
}

function readOperation(
  path: string,
  method: string,
  value: unknown,
  place: Place,
  documents: Documents,
): Operation {
  const { operationId, responses, parameters } = membersAt(value, place);
  if (typeof operationId !== 'string') throw new SpecProblem(place, 'has no "operationId".');
  const statuses = Object.keys(isMembers(responses) ? responses : {}).map(Number);
  const odd = statuses.findIndex((status) => !Number.isInteger(status));
  if (odd !== -1 || statuses.length === 0) {
    throw new SpecProblem(
      inside(place, 'responses'),
      'name every status as a number, such as 200.',
    );
  }
  return {
    operationId,
    method: method.toUpperCase(),
    path,
    query: queryNames(documents, parameters, inside(place, 'parameters')),
    statuses: statuses.toSorted((one, other) => one - other),
  };
}
