/**
 * The spec folder's YAML files as plain values, and the value that a reference points at.
 *
 * @module
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, posix } from 'node:path';
import { parseDocument } from 'yaml';
import { type Place, SpecProblem, inside, pointerNames, showPlace } from './spec-problem.ts';

/** A JSON object. */
export type Members = Readonly<Record<string, unknown>>;

/** A value and the place where it stands. */
export interface Found {
  readonly place: Place;
  readonly value: unknown;
}

/** A spec folder. Files are read once, when first needed. */
export interface Documents {
  readonly folder: string;
  /** The whole of one file. */
  read(file: string): Members;
  /** Where a `$ref` standing in `from` points, without following it any further. */
  resolve(ref: string, from: Place): Found;
}

/** Opens a spec folder. */
export function openDocuments(folder: string): Documents {
  const files = new Map<string, Members>();

  const read = (file: string, from?: Place): Members => {
    const known = files.get(file);
    if (known) return known;
    const path = join(folder, file);
    if (!existsSync(path)) {
      throw new SpecProblem(from ?? { file, pointer: '' }, `there is no file "${path}".`);
    }
    const document = parseDocument(readFileSync(path, 'utf8'), { prettyErrors: true });
    const [mistake] = document.errors;
    if (mistake) throw new SpecProblem({ file, pointer: '' }, `not YAML: ${mistake.message}`);
    const value: unknown = document.toJS();
    if (!isMembers(value)) throw new SpecProblem({ file, pointer: '' }, 'expected an object.');
    files.set(file, value);
    return value;
  };

  return {
    folder,
    read,
    resolve(ref, from) {
      const [path = '', pointer = ''] = ref.split('#');
      if (/^[a-z][a-z\d+.-]*:/i.test(path)) {
        throw new SpecProblem(from, `"${ref}" is not a file: keep what is referred to in spec/.`);
      }
      const file = path === '' ? from.file : posix.join(posix.dirname(from.file), path);
      const place = inside({ file, pointer: '' }, ...pointerNames(pointer));
      let value: unknown = read(file, from);
      for (const name of pointerNames(pointer)) {
        value = isMembers(value) || Array.isArray(value) ? Reflect.get(value, name) : undefined;
        if (value === undefined) {
          throw new SpecProblem(from, `"${ref}" leads nowhere: there is no ${showPlace(place)}.`);
        }
      }
      return { place, value };
    },
  };
}

/** The YAML files in a folder of the spec. */
export function filesBelow({ folder }: Documents, name: string): string[] {
  const path = join(folder, name);
  if (!existsSync(path)) return [];
  const files = readdirSync(path, { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => posix.join(name, file.replaceAll('\\', '/')))
    .toSorted();
}

/** Whether a value is a JSON object. */
export const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The object at a place, or a refusal. */
export function membersAt(value: unknown, place: Place): Members {
  if (isMembers(value)) return value;
  throw new SpecProblem(place, 'expected an object.');
}

/** Follows references until something else than a mere reference is found. */
export function follow(documents: Documents, start: Found): Found {
  let found = start;
  for (let steps = 0; steps < 32; steps++) {
    const { value, place } = found;
    if (!isMembers(value) || typeof value['$ref'] !== 'string') return found;
    found = documents.resolve(value['$ref'], place);
  }
  throw new SpecProblem(start.place, 'these references go round in circles.');
}
