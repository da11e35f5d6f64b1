/**
 * The specs as a judge of answers: ajv on the YAML itself, with every object closed, so that a field which no
 * document names fails.
 *
 * @module
 */
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import {
  documentOf,
  follow,
  isMembers,
  type Members,
  type Place,
  type SpecFile,
} from '../../spec/documents.ts';

export interface Documented {
  readonly operationId: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly response: Place;
}

const METHODS = ['get', 'put', 'post', 'patch', 'delete'];

const at = (place: Place, ...keys: readonly string[]): Place =>
  keys.reduce<Place>((from, key) => {
    const { file, path, value } = follow(from);
    return { file, path: [...path, key], value: isMembers(value) ? value[key] : undefined };
  }, place);

const entries = ({ file, path, value }: Place): [string, Place][] =>
  Object.entries(isMembers(value) ? value : {}).map(([key, member]) => [
    key,
    { file, path: [...path, key], value: member },
  ]);

/** Every (operation, status) that an API spec documents. */
export const documented = (file: SpecFile): Documented[] => {
  const root: Place = { file, path: [], value: documentOf(file) };
  return entries(at(root, 'paths')).flatMap(([path, item]) =>
    entries(item)
      .filter(([method]) => METHODS.includes(method))
      .flatMap(([method, operation]) =>
        entries(at(operation, 'responses')).map(([status, response]) => ({
          operationId: String(at(operation, 'operationId').value),
          method: method.toUpperCase(),
          path,
          status: Number(status),
          response: follow(response),
        })),
      ),
  );
};

const COMPOSED = ['allOf', 'oneOf', 'anyOf'];

/** A schema with its references in place. Objects are closed, but for parts of a composition: there the whole is. */
export const closed = (place: Place, part = false): unknown => {
  const { file, path, value } = follow(place);
  if (!isMembers(value)) return value;
  const copy: Members = {};
  for (const [key, member] of Object.entries(value)) {
    const inner = (name: string, one: unknown): Place => ({
      file,
      path: [...path, key, name],
      value: one,
    });
    if (key === 'properties' && isMembers(member)) {
      copy[key] = Object.fromEntries(
        Object.entries(member).map(([name, one]) => [name, closed(inner(name, one))]),
      );
    } else if (COMPOSED.includes(key) && Array.isArray(member)) {
      copy[key] = member.map((one, index) => closed(inner(String(index), one), true));
    } else if (key === 'items' || (key === 'additionalProperties' && isMembers(member))) {
      copy[key] = closed({ file, path: [...path, key], value: member });
    } else if (!key.startsWith('x-') && key !== 'discriminator' && key !== 'examples') {
      copy[key] = member;
    }
  }
  const isObject = 'properties' in copy || COMPOSED.some((key) => key in copy);
  const open = 'additionalProperties' in copy || part || !isObject;
  return open ? copy : { ...copy, unevaluatedProperties: false };
};

const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);

/** What is wrong with `value` by the schema at `place`. */
export const judge = (place: Place, value: unknown): string[] => {
  const validate = ajv.compile(closed(place) as object);
  return validate(value)
    ? []
    : (validate.errors ?? []).map(
        ({ instancePath, message, params }) =>
          `${instancePath} ${message} ${JSON.stringify(params)}`,
      );
};

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** What is wrong with an answer by what is documented for its status: media type, headers, body. */
export const judgeAnswer = ({ response }: Documented, { headers, text }: Answer): string[] => {
  const wrong: string[] = [];
  for (const [name, header] of entries(at(response, 'headers'))) {
    const value = headers.get(name);
    if (value === null) wrong.push(`the header ${name} is missing`);
    else wrong.push(...judge(at(header, 'schema'), value).map((one) => `${name}: ${one}`));
  }
  const content = entries(at(response, 'content'));
  const type = headers.get('content-type')?.split(';')[0];
  const media = content.find(([name]) => name === type)?.[1];
  if (media === undefined)
    return [...wrong, `${type} is not one of ${content.map(([name]) => name).join(', ')}`];
  if (type !== 'application/json') return wrong;
  return [...wrong, ...judge(at(media, 'schema'), JSON.parse(text))];
};

/** A place in a spec by the keys that lead to it, references followed. */
export const placeOf = (file: SpecFile, ...keys: readonly string[]): Place =>
  follow(at({ file, path: [], value: documentOf(file) }, ...keys));
