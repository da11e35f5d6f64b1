/**
 * Text that may contain NUL characters. Node 22 reads a TEXT column only up to the first NUL, so such columns are read as
 * bytes.
 *
 * @module
 */

/** Decodes the result of `CAST(column AS BLOB)`. A byte order mark is part of the text. */
export const readText = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
