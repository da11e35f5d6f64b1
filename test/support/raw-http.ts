/**
 * HTTP by the byte: what a browser, a proxy or an attacker sends and no HTTP client would let a test write.
 *
 * @module
 */
import { connect } from 'node:net';

export interface RawAnswer {
  /** 0 when the connection ended without an answer. */
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

/** Sends the text as it is and gives the answer once the server closes the connection. Line feeds become CRLF. */
export const sendRaw = (baseUrl: string, text: string): Promise<RawAnswer> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(baseUrl);
    const socket = connect(Number(port), hostname.replace(/^\[|\]$/g, ''));
    const chunks: Buffer[] = [];
    socket.write(text.replaceAll(/\r?\n/g, '\r\n'));
    socket.on('data', (chunk) => chunks.push(chunk));
    // A refusal may reset the connection while the rest of the request is on its way.
    socket.on('error', (error) => (chunks.length === 0 ? reject(error) : undefined));
    socket.on('close', () => resolve(parse(Buffer.concat(chunks).toString())));
  });

/** One request in HTTP/1.1 on a connection of its own; `headers` are lines, `Host` among them. */
export const requestText = (line: string, headers: readonly string[], body?: object): string => {
  const text = body === undefined ? '' : JSON.stringify(body);
  const about =
    body === undefined
      ? []
      : ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(text)}`];
  return [`${line} HTTP/1.1`, ...headers, ...about, 'Connection: close', '', text].join('\n');
};
