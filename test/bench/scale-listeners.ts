/**
 * Opens event streams of an account in its own process and reads them. `URL` is the sandbox, `KEY` the account.
 * Each round opens the number of streams that it names.
 *
 * All connections read into one buffer and parse nothing: listeners are on other machines, and one that works takes the
 * second core from the sandbox and its receiver.
 *
 * @module
 */
import { connect } from 'node:net';
import { answerRounds } from './support.ts';

const { URL: url = '', KEY: key = '' } = process.env;
const { host, hostname, port } = new URL(url);
const buffer = Buffer.allocUnsafe(262_144);

const listen = (): Promise<void> =>
  new Promise((resolve, reject) => {
    const onData = (bytes: number): boolean => {
      const start = buffer.toString('latin1', 0, Math.min(bytes, 12));
      if (start === 'HTTP/1.1 200') resolve();
      else if (start.startsWith('HTTP/')) reject(new Error(start));
      return true;
    };
    connect({ host: hostname, port: Number(port), onread: { buffer, callback: onData } })
      .on('error', reject)
      .write(`GET /_sandbox/stream HTTP/1.1\r\nHost: ${host}\r\nx-user-context: ${key}\r\n\r\n`);
  });

answerRounds(async ({ streams }: { streams: number }) => {
  await Promise.all(Array.from({ length: streams }, listen));
  return {};
});
