/**
 * Tries one block as the comment above it says. The modes:
 *
 * - `run`: a shell or TypeScript block; must end with status 0 (`exit=1` for another).
 * - `background ready=URL`: a shell block that keeps running, for the blocks after it.
 * - `output`: what the last `run` printed, line by line; `…` stands for what varies.
 * - `demo`: what `npm run demo` prints, in the same way.
 * - `check`: a TypeScript block that must compile. `vitest`: one that is a test file.
 * - `file path=…`: a file that later blocks use.
 * - `parse`: JSON or YAML that must be well formed.
 * - `receiver=PATH` beside `run` and `background`: starts this file of the tree first, at the localhost port that the
 *   block names.
 * - `skip reason="…"`: not tried, and why.
 *
 * @module
 */
import { delimiter, join } from 'node:path';
import { existsSync } from 'node:fs';
import { parse as parseYaml } from 'yaml';
import type { Outcome } from '../support/process.ts';
import { type Block, missingLine } from './blocks.ts';
import type { Workbench } from './workbench.ts';

/** What blocks leave for the next one. */
export interface Trail {
  last: Outcome | null;
}

/** Why a block was not tried, or null when it was and did what it promises. Throws otherwise. */
export async function tryBlock(
  block: Block,
  bench: Workbench,
  trail: Trail,
): Promise<string | null> {
  const { mode, options, text, language } = block;
  const missing = isShell(block) ? missingTool(text) : null;
  if (missing && mode !== 'skip') return `needs ${missing}, which this machine does not have`;
  if (options['receiver']) await bench.receiver(options['receiver'], text);
  switch (mode) {
    case 'run':
      trail.last = isShell(block) ? await bench.shell(text) : await bench.typescript(text, 'run');
      expectStatus(trail.last, Number(options['exit'] ?? 0));
      return null;
    case 'check':
    case 'vitest':
      trail.last = await bench.typescript(text, mode);
      expectStatus(trail.last, 0);
      return null;
    case 'background':
      if (!options['ready']) throw new Error('says "background" without ready=URL');
      await bench.background(text, options['ready']);
      return null;
    case 'output': {
      if (!trail.last) throw new Error('shows an output, but nothing ran before it');
      const line = missingLine(bench.adapt(text), trail.last.output);
      if (line !== null) throw new Error(`promises "${line}", but got:\n${trail.last.output}`);
      return null;
    }
    case 'demo': {
      const { output } = await bench.demo();
      const line = missingLine(text, output);
      if (line !== null) throw new Error(`promises "${line}", but the demo prints:\n${output}`);
      return null;
    }
    case 'file':
      if (!options['path']) throw new Error('says "file" without path=…');
      bench.save(options['path'], text);
      return null;
    case 'parse':
      if (language.startsWith('json')) JSON.parse(text);
      else parseYaml(text);
      return null;
    case 'skip':
      if (!options['reason']) throw new Error('is skipped without reason="…"');
      return options['reason'];
    case null:
      throw new Error('has no <!-- test: … --> comment above it');
    default:
      throw new Error(`asks for "${mode}", which is no way to try a block`);
  }
}

function isShell({ language }: Block): boolean {
  return ['sh', 'bash', 'shell', 'console'].includes(language);
}

const OPTIONAL_TOOLS = /^\s*(curl|python3?|docker|jq)\b/gmu;

function missingTool(text: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const named = [...text.matchAll(OPTIONAL_TOOLS)].map((match) => match[1] as string);
  return named.find((tool) => !folders.some((folder) => existsSync(join(folder, tool))));
}

function expectStatus({ status, output }: Outcome, wanted: number): void {
  if (status !== wanted) throw new Error(`ended with ${status}, not ${wanted}:\n${output}`);
}
