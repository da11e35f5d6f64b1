/**
 * The inspector's files. The package contains them in `dist/inspector`; a checkout builds them in memory on the first
 * request, so that the page is always that of the sources.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { listPackageFolder, packageRoot, readPackageFile } from '../../package-file.ts';

export interface Asset {
  readonly text: string;
  readonly etag: string;
}

export type Assets = ReadonlyMap<string, Asset>;

const FOLDER = 'dist/inspector/';

const readBuilt = async (names: readonly string[]): Promise<ReadonlyMap<string, string>> =>
  new Map(
    await Promise.all(
      names.map(async (name) => [name, await readPackageFile(`${FOLDER}${name}`)] as const),
    ),
  );

/** On a thread of its own, whose failure is not remembered. */
const build = async (): Promise<ReadonlyMap<string, string>> => {
  const worker = new Worker(new URL('.config/inspector-worker.ts', packageRoot()));
  try {
    return await new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', (status) =>
        reject(new Error(`The build of the inspector ended with status ${status}.`)),
      );
    });
  } finally {
    await worker.terminate();
  }
};

const load = async (): Promise<Assets> => {
  const isSource = import.meta.url.endsWith('.ts');
  const built = isSource ? null : await listPackageFolder(FOLDER);
  const files = built === null ? await build() : await readBuilt(built);
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
