/**
 * The parsed configuration file of `sendemall-mock verify`: flags by name, and hooks as callbacks. `clock` is for `serve`,
 * which reads the same file.
 *
 * @module
 */
import * as z from 'zod';
import { OptionsError } from './options.ts';
import type { Hooks } from './hooks/hooks.ts';

const oneOrMore = z.union([z.string().min(1), z.array(z.string().min(1))]);
const text = z.string().min(1);
const callback = z.custom<(...args: never[]) => unknown>((value) => typeof value === 'function');

const Config = z.strictObject({
  $schema: z.string().optional(),
  url: text.optional(),
  secret: text.optional(),
  clock: text.optional(),
  only: oneOrMore.optional(),
  skip: oneOrMore.optional(),
  failOn: z.enum(['must', 'should']).optional(),
  baseline: text.optional(),
  bail: z.boolean().optional(),
  details: z.boolean().optional(),
  thorough: z.boolean().optional(),
  events: oneOrMore.optional(),
  leadEmail: z.union([text, callback]).optional(),
  examples: text.optional(),
  freshIds: z.boolean().optional(),
  seed: z.int().min(0).max(0xffff_ffff).optional(),
  headers: z.record(z.string(), z.string()).optional(),
  insecure: z.boolean().optional(),
  timeout: text.optional(),
  time: text.optional(),
  concurrency: z.int().min(1).max(64).optional(),
  effectsUrl: text.optional(),
  effectsSink: text.optional(),
  stateUrl: text.optional(),
  faultUrl: text.optional(),
  restartCommand: text.optional(),
  recoverUrl: text.optional(),
  recoverCommand: text.optional(),
  pauses: z.boolean().optional(),
  exec: text.optional(),
  sinkEnv: oneOrMore.optional(),
  secretEnv: text.optional(),
  execTimeout: text.optional(),
  sandboxUrl: text.optional(),
  apiKey: text.optional(),
  docsUrl: text.optional(),
  report: oneOrMore.optional(),
  hooks: z
    .strictObject({
      effects: callback.optional(),
      state: callback.optional(),
      fault: callback.optional(),
      restart: callback.optional(),
      recover: callback.optional(),
      campaign: callback.optional(),
    })
    .optional(),
});

/**
 * Content of a configuration file: every flag by its name and, in a module, `hooks` as callbacks. Flags take precedence.
 *
 * @example
 * ```ts
 * export default {
 *   url: 'http://localhost:3000/webhooks/sendemall',
 *   headers: { Authorization: `Bearer ${process.env.GATEWAY_TOKEN}` },
 *   hooks: { effects: (id) => countRowsOf(id) },
 * } satisfies VerifyConfig;
 * ```
 */
export interface VerifyConfig extends Omit<z.input<typeof Config>, 'hooks' | 'leadEmail'> {
  readonly leadEmail?: string | (() => string) | undefined;
  readonly hooks?: Hooks | undefined;
}

export const CONFIG_KEYS: readonly string[] = Object.keys(Config.shape);

const pathOf = (path: readonly PropertyKey[]): string => path.map(String).join('.');

/** Describe an issue without quoting values, because one may be the secret. */
const problemOf = ({ code, path, message, ...rest }: z.core.$ZodIssue): string => {
  if (code === 'unrecognized_keys') {
    const names = (rest as { keys: readonly string[] }).keys.map((key) => pathOf([...path, key]));
    return `has unknown keys: ${names.map((name) => `"${name}"`).join(', ')}. Known keys: ${CONFIG_KEYS.filter((key) => key !== '$schema').join(', ')}`;
  }
  return path.length === 0
    ? `must contain one object: ${message}`
    : `has an invalid value for "${pathOf(path)}": ${message}`;
};

/**
 * @param name the file's name, for messages
 * @throws {OptionsError} for an unknown key or a value of the wrong type
 */
export const readConfig = (given: unknown, name: string): VerifyConfig => {
  const read = Config.safeParse(given);
  if (read.success) return read.data as VerifyConfig;
  const [issue] = read.error.issues;
  throw new OptionsError((option) => `${option('config')} ${name} ${problemOf(issue!)}.`);
};
