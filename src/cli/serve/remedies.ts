/**
 * What to do about a failure of the server itself, by the code of its error.
 *
 * @module
 */

/** The code of the operating system or SQLite, found through wrapped errors; null when there is none. */
export const codeOf = (error: unknown): string | null => {
  if (!(error instanceof Error)) return null;
  const { code, errstr } = error as { readonly code?: unknown; readonly errstr?: unknown };
  if (code === 'ERR_SQLITE_ERROR' && typeof errstr === 'string') return errstr;
  if (typeof code === 'string' && code !== 'ERR_SQLITE_ERROR') return code;
  return codeOf(error.cause);
};

const REMEDIES: readonly (readonly [RegExp, string])[] = [
  [
    /ENOSPC|EDQUOT|disk is full/,
    'Free space on the disk of --db, and it goes on by itself; nothing accepted is lost.',
  ],
  [/EROFS|EACCES|EPERM|readonly/, 'Make the file of --db and its folder writable, then restart.'],
  [/database is locked|EBUSY/, 'End whatever else uses the file of --db.'],
  [
    /disk I\/O error|EIO|malformed|not a database/,
    'Check the disk, and restart with a copy of --db.',
  ],
  [/EMFILE|ENFILE/, 'Raise the limit of open files (ulimit -n), or lower --concurrency.'],
];

/** One sentence in the imperative. */
export const remedyFor = (error: unknown): string => {
  const code = codeOf(error) ?? (error instanceof Error ? error.message : '');
  return (
    REMEDIES.find(([pattern]) => pattern.test(code))?.[1] ??
    'This is a bug in sendemall-mock: please report it with the output of --verbose.'
  );
};
