/**
 * Finds the process that has a database open, on systems that list locks.
 *
 * @module
 */
import { readFileSync, statSync } from 'node:fs';

/** Offset of the bytes that SQLite locks, whatever the size of the file. */
const FIRST_LOCKED_BYTE = 0x4000_0000;

/**
 * Reads Linux's list of locks: `1: POSIX  ADVISORY  WRITE 4711 fe:00:10142964 1073741826 1073742335`.
 *
 * @returns the process id; null if the system has no such list, or the holder is not visible, e.g. in another container
 */
export const lockHolder = (path: string): number | null => {
  try {
    const inode = String(statSync(path).ino);
    for (const line of readFileSync('/proc/locks', 'utf8').split('\n')) {
      const [, kind, , access, pid, file, from] = line.split(/\s+/u);
      // Compare the inode only: the device numbers differ between stat and this list on layered file systems.
      const sameFile = file?.split(':').at(-1) === inode && Number(from) >= FIRST_LOCKED_BYTE;
      if (kind === 'POSIX' && access === 'WRITE' && sameFile && Number(pid) > 0) return Number(pid);
    }
  } catch {
    // This system has no such list; the message omits the process id.
  }
  return null;
};
