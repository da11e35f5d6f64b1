/**
 * A plain http:// URL of a port that speaks TLS: servers cut the connection, or wait, and say nothing.
 *
 * @module
 */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { expect, test } from 'vitest';
import { verify } from '../../../src/conformance/verify.ts';
import { selfSigned } from '../../support/tls.ts';
import { SECRET } from '../run-suite.ts';

const CERTIFICATE = selfSigned();
/** The first byte of a handshake. */
const HANDSHAKE = 0x16;

/** Forwards TLS handshakes, and handles any other bytes with the given function. */
const listen = async (
  plain: (socket: Socket) => void,
): Promise<AsyncDisposable & { readonly port: number }> => {
  const secure = createTlsServer(CERTIFICATE, (socket) => socket.on('error', () => undefined));
  secure.listen(0, '127.0.0.1');
  await once(secure, 'listening');
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (chunk) => {
      if (chunk[0] !== HANDSHAKE) {
        plain(socket);
        return;
      }
      const inner = connect((secure.address() as AddressInfo).port, '127.0.0.1');
      inner.on('error', () => undefined);
      inner.write(chunk);
      socket.pipe(inner).pipe(socket);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      secure.close();
      server.close();
    },
  };
};

const PLAIN: readonly (readonly [name: string, plain: (socket: Socket) => void])[] = [
  ['cuts the connection', (socket) => void socket.destroy()],
  ['waits', () => undefined],
  ['answers in TLS', (socket) => void socket.end(Buffer.from([0x15, 3, 1, 0, 2, 2, 70]))],
];

test.for(PLAIN)('a port that %s', async ([, plain]) => {
  await using server = await listen(plain);
  const url = `http://127.0.0.1:${server.port}/hook`;
  const { checks } = await verify({ url, secret: SECRET, timeoutMs: 500 });
  const [finding, ...more] = checks.filter(({ status }) => status === 'fail');
  expect(more).toEqual([]);
  expect(finding).toMatchObject({
    diagnosis: 'This port speaks TLS, and the URL is a plain http:// one.',
    fix: expect.stringContaining(`: https://127.0.0.1:${server.port}/hook (`) as string,
  });
});
