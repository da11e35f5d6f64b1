/**
 * Type and data of an event to trigger, from flags and files.
 *
 * @module
 */
import { Option } from '@commander-js/extra-typings';
import { EVENT_TYPES, type EventType } from '../../schemas/contract.ts';
import { readInput } from './input.ts';
import { didYouMean, nearest } from './suggest.ts';
import type { Terminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';

type Json = Record<string, unknown>;

const lastWord = (type: string): string => type.split('.')[1] ?? type;

/** The event type of a name, `email.replied` or its last word; undefined if it is unknown. */
export const findEventType = (name: string): EventType | undefined =>
  EVENT_TYPES.find((type) => type === name || lastWord(type) === name);

/**
 * The event type of a name: `email.replied`, or its last word.
 *
 * @throws {UsageError} with the nearest name, if any, and all known names
 */
export const eventTypeOf = (name: string): EventType => {
  const known = findEventType(name);
  if (known !== undefined) return known;
  const suggestion = didYouMean(nearest(name, EVENT_TYPES, lastWord));
  throw new UsageError(
    `Unknown event "${name}".${suggestion} Known events: ${EVENT_TYPES.join(', ')}.`,
  );
};

/** Takes short names, and lists the whole ones for help and completion. */
export const eventOption = (description: string) => {
  const option = new Option('--event <event>', description).argParser(eventTypeOf);
  option.argChoices = [...EVENT_TYPES];
  return option;
};

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const jsonOrText = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
};

const setAt = (target: Json, [key = '', ...rest]: readonly string[], value: unknown): Json => {
  const before = Object.hasOwn(target, key) ? target[key] : undefined;
  return {
    ...target,
    [key]: rest.length === 0 ? value : setAt(isObject(before) ? before : {}, rest, value),
  };
};

const assign = (target: Json, assignment: string): Json => {
  const [, path, text] = /^([^=]+)=([^]*)$/.exec(assignment) ?? [];
  const keys = path?.split('.') ?? [];
  if (text === undefined || keys.includes('') || keys.includes('__proto__')) {
    throw new UsageError(
      `Invalid --data "${assignment}". Pass key=value, such as lead_email=sarah@example.com or custom.answer=42.`,
    );
  }
  return setAt(target, keys, jsonOrText(text));
};

const fromFile = async (file: string, terminal: Terminal): Promise<Json> => {
  const text = (await readInput(file, terminal)).toString('utf8').replace(/^\uFEFF/, '');
  try {
    const data: unknown = JSON.parse(text);
    if (isObject(data)) return data;
  } catch (error) {
    throw new UsageError(
      `Invalid JSON in --data-file ${file}: ${(error as Error).message}. Pass a file with a JSON object.`,
    );
  }
  throw new UsageError(
    `--data-file ${file} does not contain a JSON object. Pass a file with a JSON object.`,
  );
};

export interface DataOptions {
  readonly data?: readonly string[] | undefined;
  readonly dataFile?: string | undefined;
}

/**
 * Read the data: the file first, then each `--data` merged over it.
 *
 * @returns null if neither is given
 * @throws {UsageError} if the file cannot be read or parsed, or an assignment is invalid
 */
export const eventDataOf = async (
  { data, dataFile }: DataOptions,
  terminal: Terminal,
): Promise<Json | null> => {
  if (data === undefined && dataFile === undefined) return null;
  const base = dataFile === undefined ? {} : await fromFile(dataFile, terminal);
  return (data ?? []).reduce(assign, base);
};
