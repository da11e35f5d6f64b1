/**
 * Copies of `spec/` to change, and the generator run on them.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { onTestFinished } from 'vitest';
import { parseDocument } from 'yaml';
import { generate } from '../../src/codegen/generate.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** A folder inside the checkout, so that what is generated there finds zod. Gone after the test. */
export function temporaryFolder(): string {
  mkdirSync(join(root, '.tmp'), { recursive: true });
  const folder = mkdtempSync(join(root, '.tmp', 'codegen-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** One change: the value at a path of a file, or `undefined` to take it out. */
export type Edit = readonly [file: string, path: readonly (string | number)[], value: unknown];

/** A copy of the spec with these edits. */
export function specWith(...edits: readonly Edit[]): string {
  const folder = join(temporaryFolder(), 'spec');
  cpSync(join(root, 'spec'), folder, { recursive: true });
  for (const [file, path, value] of edits) {
    const document = parseDocument(readFileSync(join(folder, file), 'utf8'));
    if (value === undefined) document.deleteIn(path);
    else document.setIn(path, document.createNode(value));
    writeFileSync(join(folder, file), document.toString());
  }
  return folder;
}

/** Where the tests put a schema of their own. */
export const PROBE = ['components', 'schemas', 'TestProbe'] as const;

/** The files generated from the spec with one more schema, called `TestProbe`, in the sandbox's. */
export const generateProbe = (schema: unknown): Promise<ReadonlyMap<string, string>> =>
  generate(specWith(['sandbox.openapi.yaml', PROBE, schema]));

/** What a generated module exports, after writing all of them to a folder. */
export async function load(files: ReadonlyMap<string, string>, module: string): Promise<any> {
  const folder = temporaryFolder();
  for (const [path, text] of files) {
    if (path.includes('/')) continue;
    writeFileSync(join(folder, path), text);
  }
  return import(pathToFileURL(join(folder, module)).href);
}
