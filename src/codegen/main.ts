/**
 * The generator's command: `node src/codegen/main.ts [--spec DIR] [--out DIR] [--check]`.
 *
 * @module
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { generate } from './generate.ts';
import { SpecProblem } from './spec-problem.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof SpecProblem)) throw error;
  console.error(`Nothing was generated. ${error.message}`);
  process.exitCode = 1;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      spec: { type: 'string', default: join(root, 'spec') },
      out: { type: 'string', default: join(root, 'schemas') },
      check: { type: 'boolean', default: false },
    },
  });
  const files = await generate(values.spec);
  const drift = [...compare(values.out, files)];
  if (!values.check) {
    write(values.out, files, drift);
    console.log(`${files.size} files, ${drift.length} of them changed.`);
    return 0;
  }
  for (const [path, what] of drift) console.error(`${join(values.out, path)} ${what}`);
  if (drift.length === 0) return 0;
  console.error('Generated files differ from what the specs say. Run `npm run gen` and commit.');
  return 1;
}

/** The files that are not as they should be, and what is wrong with each. */
function* compare(out: string, files: ReadonlyMap<string, string>): Generator<[string, string]> {
  for (const [path, text] of files) {
    const file = join(out, path);
    if (!existsSync(file)) yield [path, 'is missing'];
    else if (readFileSync(file, 'utf8') !== text) yield [path, 'is not what the specs say'];
  }
  if (!existsSync(out)) return;
  for (const path of readdirSync(out, { recursive: true, encoding: 'utf8' })) {
    const isFile = /\.(ts|json|yaml)$/.test(path);
    if (isFile && !files.has(path.replaceAll('\\', '/'))) yield [path, 'is no longer generated'];
  }
}

function write(
  out: string,
  files: ReadonlyMap<string, string>,
  drift: readonly (readonly [string, string])[],
): void {
  for (const [path] of drift) {
    const text = files.get(path.replaceAll('\\', '/'));
    if (text === undefined) {
      rmSync(join(out, path));
      continue;
    }
    mkdirSync(dirname(join(out, path)), { recursive: true });
    writeFileSync(join(out, path), text);
  }
}
