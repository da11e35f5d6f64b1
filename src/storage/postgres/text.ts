/**
 * Text that may contain NUL characters, which PostgreSQL does not allow in text: it is stored as bytes.
 *
 * @module
 */

export const readText = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');

export const writeText = (text: string): Buffer => Buffer.from(text, 'utf8');
