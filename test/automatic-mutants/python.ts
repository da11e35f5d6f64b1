/**
 * Mutants of a Python receiver and its store, each a copy of both files with one change.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, writeFile } from 'node:fs/promises';
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
  readonly index: number;
  readonly line: number;
  readonly operator: string;
  readonly original: string;
  readonly replacement: string;
}

const mutate = async (...args: readonly string[]): Promise<string> => {
  const run = promisify(execFile);
  return (await run('python3', [MUTATE, ...args], { maxBuffer: 64e6 })).stdout;
};

/** @param file of `test/receivers/reference/` */
export const pythonMutants = (name: string, file: string): MutantSource => ({
  name,
  prepare: async (folder) => {
    const files = [file, 'store.py'];
    const mutants: AutomaticMutant[] = [];
    for (const mutated of files) {
      const parts = OWN_PARTS[mutated] ?? [];
      const listed = JSON.parse(
        await mutate('list', join(REFERENCES, mutated), ...parts),
      ) as readonly Listed[];
      for (const { index, line, operator, original, replacement } of listed) {
        const own = join(folder, `${mutated}-${index}`);
        await mkdir(own, { recursive: true });
        for (const one of files) await cp(join(REFERENCES, one), join(own, one));
        const source = await mutate('apply', join(REFERENCES, mutated), String(index));
        await writeFile(join(own, mutated), source);
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
