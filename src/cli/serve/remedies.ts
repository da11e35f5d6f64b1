/**
 * Remedies for failures of the server itself, by error code.
 *
 * @module
 */

/** Error code of the operating system or SQLite, also of a wrapped error; null without one. */
export const systemCodeOf = (error: unknown): string | null => {
  if (!(error instanceof Error)) return null;
  const { code, errstr } = error as { readonly code?: unknown; readonly errstr?: unknown };
  if (code === 'ERR_SQLITE_ERROR' && typeof errstr === 'string') return errstr;
  if (typeof code === 'string' && code !== 'ERR_SQLITE_ERROR') return code;
  return systemCodeOf(error.cause);
};

const REMEDIES: readonly (readonly [RegExp, string])[] = [
  [
    /ENOSPC|EDQUOT|disk is full/,
    'Free space on the disk of --db. The sandbox then continues; nothing accepted is lost.',
  ],
  [/EROFS|EACCES|EPERM|readonly/, 'Make the --db file and its directory writable, then restart.'],
  [/database is locked|EBUSY/, 'Stop the other process that uses the --db file.'],
  [
    /disk I\/O error|EIO|malformed|not a database/,
    'Check the disk, then restart with a copy of the --db file.',
  ],
  [/The store is closed/, 'The sandbox was stopping. Start it again, then repeat the request.'],
  [
    /Query read timeout|Connection terminated|ECONNREFUSED|ECONNRESET|ETIMEDOUT|^57P0|^08/,
    'Check PostgreSQL and the network to it. The sandbox continues when it answers again; nothing accepted is lost.',
  ],
  [/EMFILE|ENFILE/, 'Raise the open-file limit (ulimit -n), or lower --concurrency.'],
];

/** The remedy for an error, in the imperative. An unknown error is a bug to report. */
export const remedyFor = (error: unknown): string => {
  const message = error instanceof Error ? error.message : '';
  const code = systemCodeOf(error) ?? message;
  // Node gives a code of its own to a package's file that it could not open.
  const isExhausted = message.includes('too many open files');
  const remedyOf = (text: string) => REMEDIES.find(([pattern]) => pattern.test(text))?.[1];
  return (
    remedyOf(isExhausted ? 'EMFILE' : code) ??
    'This is a bug in sendemall-mock. Please report it with the output of --verbose.'
  );
};
