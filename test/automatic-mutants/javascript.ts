/**
 * Mutants of a Node receiver and its store by Stryker's operators: one instrumented copy, in which a variable of the
 * environment selects the mutant.
 *
 * @module
 */
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MutationRange } from '@stryker-mutator/api/core';
import type { Logger } from '@stryker-mutator/api/logging';
import { createInstrumenter } from '@stryker-mutator/instrumenter';
import { createInjector } from 'typed-inject';
import type { MutantSource } from './mutant.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const HOST = fileURLToPath(new URL('host.ts', import.meta.url));

const ignore = (): void => {};
const logger: Logger = {
  isTraceEnabled: () => false,
  isDebugEnabled: () => false,
  isInfoEnabled: () => false,
  isWarnEnabled: () => false,
  isErrorEnabled: () => false,
  isFatalEnabled: () => false,
  trace: ignore,
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  fatal: ignore,
};

/** Parts of the store that are the receiver's own: what is left is the disk, what the hooks read, and the queue of others. */
const OWN_PARTS = [
  /^ {2}async process\(/,
  /^const apply = /,
  /^export const recoverDeadLetters = /,
];

/** From the first line of each part to the one that closes it. */
const rangesOf = (source: string): MutationRange[] => {
  const lines = source.split('\n');
  return OWN_PARTS.map((part) => {
    const first = lines.findIndex((line) => part.test(line));
    const indent = /^ */.exec(lines[first] ?? '')?.[0] ?? '';
    const last = lines.findIndex((line, at) => at > first && line.startsWith(`${indent}}`));
    if (first === -1 || last === -1) throw new Error(`The store has no ${String(part)}.`);
    return {
      start: { line: first, column: 0 },
      end: { line: last, column: (lines[last] ?? '').length },
    };
  });
};

/**
 * @param file of `test/receivers/reference/`
 * @param withStore whether its store is mutated as well; it is the same for all
 */
export const javascriptMutants = (
  name: string,
  file: string,
  withStore: boolean,
): MutantSource => ({
  name,
  files: withStore ? [file, 'store.ts'] : [file],
  prepare: async (folder) => {
    const paths = [file, 'store.ts'].map((one) => `test/receivers/reference/${one}`);
    const files = await Promise.all(
      paths.map(async (path, at) => {
        const content = await readFile(join(ROOT, path), 'utf8');
        return { name: path, mutate: at === 0 || (withStore && rangesOf(content)), content };
      }),
    );
    const instrumenter = createInjector()
      .provideValue('logger', logger)
      .injectFunction(createInstrumenter);
    const { files: instrumented, mutants } = await instrumenter.instrument(files, {
      plugins: null,
      excludedMutations: [],
      ignorers: [],
    });
    for (const { name: path, content } of instrumented) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), content);
    }
    await cp(join(ROOT, 'test/receivers/receiver.ts'), join(folder, 'test/receivers/receiver.ts'));
    const lines = new Map(files.map(({ name: path, content }) => [path, content.split('\n')]));
    return mutants.map(({ id, fileName, mutatorName, location: { start, end }, replacement }) => {
      const source = lines.get(fileName) ?? [];
      const last = (source[end.line] ?? '').slice(0, end.column);
      const original = [...source.slice(start.line, end.line), last]
        .join('\n')
        .slice(start.column)
        .replaceAll(/\s+/g, ' ');
      return {
        place: `${basename(fileName)}:${start.line + 1} ${mutatorName}`,
        original,
        replacement,
        command: (own, secret) => ({
          command: process.execPath,
          args: [HOST, join(folder, paths[0] ?? ''), join(own, 'disk')],
          env: { WEBHOOK_SECRET: secret, __STRYKER_ACTIVE_MUTANT__: id },
        }),
      };
    });
  },
});
