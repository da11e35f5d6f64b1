/**
 * The receiver used by all delivery benchmarks: bare node:http in its own process.
 * Answers every request with `STATUS` (default 200) once the body has been read. Asked for a number, it answers as soon as it
 * has had as many requests.
 *
 * @module
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const status = Number(process.env['STATUS'] ?? 200);
let requests = 0;
let awaited = Infinity;
const tell = (): void => {
  if (requests < awaited) return;
  awaited = Infinity;
  process.send?.(requests);
};
const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    response.writeHead(status, { 'content-length': '2' });
    response.end('ok');
    requests += 1;
    tell();
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  process.send?.((server.address() as AddressInfo).port);
});
process.on('message', (count: number) => {
  awaited = count;
  tell();
});
process.on('disconnect', () => process.exit());
