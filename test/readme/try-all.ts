/**
 * One test for each block of a Markdown text, in order: a block may use what those before it left.
 *
 * @module
 */
import { afterAll, beforeAll, test } from 'vitest';
import { readBlocks } from './blocks.ts';
import { type Trail, tryBlock } from './try-block.ts';
import { type Workbench, openWorkbench } from './workbench.ts';

/** Declares the tests, in the `describe` that calls it. */
export function tryAll(markdown: string): void {
  const trail: Trail = { last: null };
  let bench: Workbench;
  beforeAll(async () => {
    bench = await openWorkbench(markdown);
  });
  afterAll(() => bench.close());
  test.for(readBlocks(markdown).map((block) => ({ ...block, title: block.text.split('\n')[0] })))(
    'line $line: $title',
    { timeout: 600_000 },
    async (block, { skip }) => {
      const reason = await tryBlock(block, bench, trail);
      if (reason) skip(reason);
    },
  );
}
