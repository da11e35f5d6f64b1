/**
 * A test that needs a Docker engine: skipped, with the reason, if no engine is running.
 *
 * @module
 */
import { test } from 'vitest';
import { buildImage, whyNoEngine, type Image } from './engine.ts';

let why: Promise<string | null> | null = null;
let image: Promise<Image> | null = null;

/** `image` is the name of ours, built once per file. */
export const dockerTest = test.extend<{ image: string }>({
  image: [
    async ({ skip }, use) => {
      why ??= whyNoEngine();
      const reason = await why;
      if (reason !== null) return skip(reason);
      image ??= buildImage();
      await use((await image).name);
    },
    { auto: true },
  ],
});

/** To be called after all tests of a file. */
export const removeImage = async (): Promise<void> => {
  await (await image)?.[Symbol.asyncDispose]();
};
