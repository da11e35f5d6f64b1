/**
 * Mutants of a Python receiver and its store, each a copy of both files with one change.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { AutomaticMutant, MutantSource } from './mutant.ts';

const REFERENCES = fileURLToPath(new URL('../receivers/reference/', import.meta.url));
const MUTATE = fileURLToPath(new URL('mutate.py', import.meta.url));

/** Parts of the store that are the receiver's own: what is left is the database and what the hooks read. */
const OWN_PARTS: Readonly<Record<string, readonly string[]>> = {
  'store.py': ['process', '_apply', '_recover'],
};

interface Listed {
  readonly folder: string;
  readonly line: number;
  readonly operator: string;
  readonly original: string;
  readonly replacement: string;
}

/** Writes the mutants of one file, each to a folder of its own. */
const mutate = async (...args: readonly string[]): Promise<readonly Listed[]> => {
  const run = promisify(execFile);
  const { stdout } = await run('python3', [MUTATE, ...args], { maxBuffer: 64e6 });
  return JSON.parse(stdout) as readonly Listed[];
};

/** @param file of `test/receivers/reference/` */
export const pythonMutants = (name: string, file: string): MutantSource => ({
  name,
  files: [file, 'store.py'],
  prepare: async (folder) => {
    const files = [file, 'store.py'];
    const mutants: AutomaticMutant[] = [];
    await mkdir(folder, { recursive: true });
    for (const mutated of files) {
      const others = files.filter((one) => one !== mutated);
      const listed = await mutate(join(REFERENCES, mutated), folder, ...(OWN_PARTS[mutated] ?? []));
      for (const { folder: own, line, operator, original, replacement } of listed) {
        for (const one of others) await cp(join(REFERENCES, one), join(own, one));
        mutants.push({
          place: `${mutated}:${line} ${operator}`,
          original,
          replacement,
          command: (state, secret) => ({
            command: 'python3',
            args: [join(own, file)],
            env: {
              WEBHOOK_SECRET: secret,
              DATABASE: join(state, 'events.db'),
              PYTHONDONTWRITEBYTECODE: '1',
            },
          }),
        });
      }
    }
    return mutants;
  },
});
