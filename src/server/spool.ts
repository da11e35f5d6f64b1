/**
 * Keeps texts of a request until the request is done: in memory as long as they are small, then in a file of the temporary
 * folder that no other user can read.
 *
 * Where the platform allows it, the file loses its name as soon as it is open, so that not even a crash leaves it behind.
 *
 * @module
 */
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nextTurn } from '../domain/event-loop.ts';
import { temporaryFolderProblem } from '../domain/problems.ts';

/** Place of a text, in bytes. */
export interface Place {
  readonly at: number;
  readonly bytes: number;
}

/** Methods reject with a `Problem` if the temporary folder fails. */
export interface Spool {
  /** Keeps a text. Await each call before the next one. */
  write(text: string): Promise<Place>;
  /** Reads a text. The event loop has turned by then. */
  read(place: Place): Promise<string>;
  /** Forgets everything, and deletes the file. Safe to call again. */
  close(): Promise<void>;
}

/** The file, and what undoes its creation. */
interface SpoolFile {
  readonly handle: FileHandle;
  /** Null if the file has no name any more. */
  readonly path: string | null;
  readonly leave: () => void;
}

const createFile = async (enterFile: () => () => void): Promise<SpoolFile> => {
  const leave = enterFile();
  try {
    const path = join(tmpdir(), `sendemall-mock-${randomUUID()}.tmp`);
    const { O_RDWR, O_CREAT, O_EXCL } = constants;
    const handle = await open(path, O_RDWR | O_CREAT | O_EXCL, 0o600);
    const isGone = await unlink(path).then(
      () => true,
      () => false,
    );
    return { handle, path: isGone ? null : path, leave };
  } catch (error) {
    leave();
    throw error;
  }
};

const deleteFile = async ({ handle, path, leave }: SpoolFile): Promise<void> => {
  try {
    // What cannot be closed or deleted is of no use to the request.
    await handle.close().catch(() => undefined);
    if (path !== null) await unlink(path).catch(() => undefined);
  } finally {
    leave();
  }
};

const readAll = async (handle: FileHandle, { at, bytes }: Place): Promise<Buffer> => {
  const buffer = Buffer.allocUnsafe(bytes);
  for (let done = 0; done < bytes;) {
    const { bytesRead } = await handle.read(buffer, done, bytes - done, at + done);
    if (bytesRead === 0) throw new Error('the file is too short');
    done += bytesRead;
  }
  return buffer;
};

/**
 * @param maxBytesInMemory total length of the texts that are kept in memory
 * @param enterFile called before a file is created, to limit their number; it may throw. Returns what is called when the
 * file is gone
 */
export const createSpool = (maxBytesInMemory: number, enterFile: () => () => void): Spool => {
  const inMemory = new Map<number, Buffer>();
  let size = 0;
  let file: SpoolFile | null = null;

  const inFolder = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      if (typeof (error as NodeJS.ErrnoException).syscall !== 'string') throw error;
      throw temporaryFolderProblem(tmpdir(), error);
    }
  };
  /** Continues where the file ends. */
  const append = (to: SpoolFile, buffer: Buffer): Promise<void> =>
    inFolder(to.handle.writeFile(buffer));
  const moveToFile = async (): Promise<void> => {
    file = await inFolder(createFile(enterFile));
    for (const [at, buffer] of inMemory) {
      await append(file, buffer);
      inMemory.delete(at);
    }
  };

  return {
    write: async (text) => {
      const buffer = Buffer.from(text);
      const place = { at: size, bytes: buffer.length };
      size += buffer.length;
      if (file === null && size > maxBytesInMemory) await moveToFile();
      if (file === null) inMemory.set(place.at, buffer);
      else await append(file, buffer);
      return place;
    },
    read: async (place) => {
      const buffer = inMemory.get(place.at);
      if (buffer !== undefined) {
        await nextTurn();
        return buffer.toString();
      }
      if (file === null) throw new Error('This spool is closed.');
      return (await inFolder(readAll(file.handle, place))).toString();
    },
    close: async () => {
      inMemory.clear();
      const gone = file;
      file = null;
      if (gone !== null) await deleteFile(gone);
    },
  };
};
