/**
 * A signing secret for each folder that `serve` starts in: the same at every start, so that a receiver is configured once.
 * It is derived from the folder's path and a random file of this user, so that no one else can compute it.
 *
 * @module
 */
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import envPaths from 'env-paths';

const FILE = 'secret-seed';
const SEED_BYTES = 32;

/** Read the seed. Creates it at the first start: complete or not at all, also when two start at once. */
const readSeed = (folder: string): Buffer => {
  const file = join(folder, FILE);
  try {
    return readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const fresh = join(folder, `${FILE}.${randomUUID()}`);
  writeFileSync(fresh, randomBytes(SEED_BYTES), { mode: 0o600 });
  try {
    linkSync(fresh, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(fresh);
  }
  return readFileSync(file);
};

export interface FolderSecret {
  readonly secret: string;
  /** Why it is not the same at the next start; null if it is. */
  readonly unstable: string | null;
}

/** The secret of a folder. Random if this user's data folder cannot be written, as in a read-only container. */
export const folderSecret = (folder: string): FolderSecret => {
  const store = envPaths('sendemall-mock', { suffix: '' }).data;
  try {
    const seed = readSeed(store);
    if (seed.length !== SEED_BYTES) throw new Error('it does not hold 32 bytes; delete it');
    const digest = createHmac('sha256', seed).update(realpathSync(folder)).digest();
    return { secret: `whsec_${digest.subarray(0, 24).toString('base64url')}`, unstable: null };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return {
      secret: `whsec_${randomBytes(24).toString('base64url')}`,
      unstable: `${join(store, FILE)}: ${code ?? message}`,
    };
  }
};
