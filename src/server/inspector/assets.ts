/**
 * The inspector's files. The package contains them in `dist/inspector`; a checkout builds them in memory on the first
 * request, so that the page is always that of the sources.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { packageRoot } from '../package-root.ts';

export interface Asset {
  readonly text: string;
  readonly etag: string;
}

export type Assets = ReadonlyMap<string, Asset>;

const readBuilt = async (folder: URL): Promise<ReadonlyMap<string, string>> => {
  const names = await readdir(folder);
  return new Map(
    await Promise.all(
      names.map(async (name) => [name, await readFile(new URL(name, folder), 'utf8')] as const),
    ),
  );
};

interface Builder {
  readonly buildInspector: () => Promise<ReadonlyMap<string, string>>;
}

const load = async (): Promise<Assets> => {
  const root = packageRoot();
  const built = new URL('dist/inspector/', root);
  const isSource = import.meta.url.endsWith('.ts');
  const files =
    isSource || !existsSync(built)
      ? await (
          (await import(new URL('.config/inspector.ts', root).href)) as Builder
        ).buildInspector()
      : await readBuilt(built);
  return new Map(
    [...files].map(([name, text]) => [
      name,
      { text, etag: `"${createHash('sha256').update(text).digest('base64url')}"` },
    ]),
  );
};

let loading: Promise<Assets> | null = null;

/** All files of the inspector by name; loaded once per process. */
export const inspectorAssets = (): Promise<Assets> => {
  loading ??= load().catch((error: unknown) => {
    loading = null;
    throw error;
  });
  return loading;
};
