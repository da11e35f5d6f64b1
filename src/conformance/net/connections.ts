/**
 * Connection pool. It knows which connections have served a request: those may be closed by the peer at any time, while a
 * fresh one is not closed without a reason.
 *
 * @module
 */
import type { LookupFunction } from 'node:net';
// Imported by file name, because Bun replaces the bare name with its own implementation.
import { Client } from 'undici/index.js';

/** Limit of a response head; Node's default. */
export const MAX_HEAD_BYTES = 16_384;

/** A connection, leased for one request. */
export interface Lease {
  readonly client: Client;
  /** Whether the connection had served another request before. */
  reused(): boolean;
  /** Return the connection. @param spent whether it must not be reused */
  release(spent: boolean): void;
}

export interface Connections {
  /** Lease a connection; waits while all are in use. With `fresh`, it has not served before. */
  take(origin: string, options?: { readonly fresh?: boolean }): Promise<Lease>;
  close(): Promise<void>;
}

export interface ConnectionOptions {
  /** Accept any TLS certificate. */
  readonly insecure: boolean;
  /** Resolves host names; default: the system's. */
  readonly lookup?: LookupFunction | undefined;
  /** Maximum number of connections to one origin. */
  readonly limit: number;
}

interface Line {
  readonly client: Client;
  connected: boolean;
  /** Whether it was reconnected since it was leased. */
  fresh: boolean;
}

interface Origin {
  readonly lines: Set<Line>;
  readonly idle: Line[];
  readonly waiting: (() => void)[];
}

export const createConnections = ({ insecure, lookup, limit }: ConnectionOptions): Connections => {
  const origins = new Map<string, Origin>();

  const open = (origin: string): Line => {
    const client = new Client(origin, {
      pipelining: 1,
      allowH2: false,
      maxHeaderSize: MAX_HEAD_BYTES,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: {
        timeout: 0,
        rejectUnauthorized: !insecure,
        ...(lookup === undefined ? {} : { lookup }),
      },
    });
    const line: Line = { client, connected: false, fresh: false };
    client.on('connect', () => {
      line.connected = true;
      line.fresh = true;
    });
    client.on('disconnect', () => {
      line.connected = false;
    });
    return line;
  };

  const at = (origin: string): Origin => {
    const known = origins.get(origin) ?? { lines: new Set(), idle: [], waiting: [] };
    origins.set(origin, known);
    return known;
  };

  return {
    take: async (origin, { fresh = false } = {}) => {
      const { lines, idle, waiting } = at(origin);
      const end = (line: Line): void => {
        lines.delete(line);
        void line.client.destroy();
      };
      while (idle.length === 0 && lines.size >= limit) {
        await new Promise<void>((free) => {
          waiting.push(free);
        });
      }
      if (fresh) for (const line of idle.splice(0)) end(line);
      const line = idle.pop() ?? open(origin);
      lines.add(line);
      line.fresh = false;
      const hadServed = line.connected;
      return {
        client: line.client,
        reused: () => hadServed && !line.fresh,
        release: (spent) => {
          if (spent) end(line);
          else idle.push(line);
          waiting.shift()?.();
        },
      };
    },
    close: async () => {
      const lines = [...origins.values()].flatMap((origin) => [...origin.lines]);
      await Promise.all(lines.map(({ client }) => client.destroy()));
    },
  };
};
