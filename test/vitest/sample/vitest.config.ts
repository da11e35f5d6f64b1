import { defineConfig } from 'vitest/config';

// vitest asks for a default export.
// oxlint-disable-next-line import/no-default-export
export default defineConfig({
  test: { include: ['*.spec.ts'], testTimeout: 120_000, hookTimeout: 120_000 },
});
