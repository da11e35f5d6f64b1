/**
 * Which process has a database open, as far as the system tells.
 *
 * @module
 */
import { readFileSync, statSync } from 'node:fs';

/** SQLite locks bytes from here on, however long the file is. */
const FIRST_LOCKED_BYTE = 0x4000_0000;

/**
 * Reads Linux's list of locks: `1: POSIX  ADVISORY  WRITE 4711 fe:00:10142964 1073741826 1073742335`.
 *
 * @returns its process id; null where there is no such list, or the holder is out of sight, e.g. in another container
 */
export const lockHolder = (path: string): number | null => {
  try {
    const inode = String(statSync(path).ino);
    for (const line of readFileSync('/proc/locks', 'utf8').split('\n')) {
      const [, kind, , access, pid, file, from] = line.split(/\s+/u);
      // Not compared by device: what is told here and there differs on layered file systems.
      const sameFile = file?.split(':').at(-1) === inode && Number(from) >= FIRST_LOCKED_BYTE;
      if (kind === 'POSIX' && access === 'WRITE' && sameFile && Number(pid) > 0) return Number(pid);
    }
  } catch {
    // No such list on this system: then the message does without.
  }
  return null;
};
