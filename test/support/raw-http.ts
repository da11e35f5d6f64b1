/**
 * Raw HTTP requests, as a browser, a proxy or an attacker may send them but no HTTP client can.
 *
 * @module
 */
import { connect } from 'node:net';

export interface RawAnswer {
  /** 0 if the connection ended without a response. */
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

const parse = (text: string): RawAnswer => {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers = new Headers(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    }),
  );
  return { status: Number(statusLine.split(' ')[1] ?? 0), headers, body: rest.join('\r\n\r\n') };
};

/** Sends a request and returns the response once the server closes the connection. Line feeds become CRLF. */
export const sendRaw = (baseUrl: string, text: string): Promise<RawAnswer> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(baseUrl);
    const socket = connect(Number(port), hostname.replace(/^\[|\]$/g, ''));
    const chunks: Buffer[] = [];
    socket.write(text.replaceAll(/\r?\n/g, '\r\n'));
    socket.on('data', (chunk) => chunks.push(chunk));
    // A rejection may reset the connection while the rest of the request is being sent.
    socket.on('error', (error) => (chunks.length === 0 ? reject(error) : undefined));
    socket.on('close', () => resolve(parse(Buffer.concat(chunks).toString())));
  });

/** Formats an HTTP/1.1 request with `Connection: close`; `headers` are lines and must include `Host`. */
export const requestText = (line: string, headers: readonly string[], body?: object): string => {
  const text = body === undefined ? '' : JSON.stringify(body);
  const about =
    body === undefined
      ? []
      : ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(text)}`];
  return [`${line} HTTP/1.1`, ...headers, ...about, 'Connection: close', '', text].join('\n');
};
