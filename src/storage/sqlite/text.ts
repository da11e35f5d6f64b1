/**
 * Text that may hold a NUL: Node 22 reads a TEXT column only up to the first one, so such columns are read as bytes.
 *
 * @module
 */

/** Reads what `CAST(column AS BLOB)` gives. A byte order mark is part of the text. */
export const readText = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
