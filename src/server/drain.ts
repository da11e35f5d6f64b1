/**
 * Graceful end of a server: no connection is dropped on which a client has sent a request.
 *
 * Node's own `close` drops two kinds. The listening socket is closed while connections wait in its queue, of which Node
 * accepts one in each turn of the event loop. And a connection is considered idle as soon as its response was handed to
 * the socket, even if most of it is still to be sent.
 *
 * @module
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import type { WallClock } from '../clock/port.ts';
import { nextTurn } from '../domain/event-loop.ts';

/** Interval at which idle connections are closed. Real milliseconds. */
const IDLE_CHECK_MS = 20;
/** A connection without any request is idle after this many real milliseconds: its first one may be on its way. */
const FIRST_REQUEST_MS = 1000;
/** Turns of the event loop that connections in the queue are accepted for, at most. */
const MAX_TURNS = 1000;

interface Connection {
  /** Responses that are not sent completely. */
  responses: number;
  isNew: boolean;
}

export interface Drain {
  /** Stop listening, wait up to `graceMs` real milliseconds for responses, then close all connections. */
  close(graceMs: number): Promise<void>;
}

/** Stop listening, but leave all connections open. */
const stopListening = (server: Server, closed: () => void): void => {
  // Other runtimes have a server of their own, which can only be closed as a whole.
  if (server instanceof NetServer) NetServer.prototype.close.call(server, closed);
  else (server as Server).close(closed);
};

/** Observes a server from its start. */
export const createDrain = (server: Server, wall: WallClock): Drain => {
  const connections = new Map<Socket, Connection>();
  let accepted = 0;
  let isClosing = false;

  server.on('connection', (socket) => {
    accepted += 1;
    connections.set(socket, { responses: 0, isNew: true });
    socket.once('close', () => connections.delete(socket));
  });
  const note = ({ socket }: IncomingMessage, outgoing: ServerResponse): void => {
    // The response says `Connection: close`, so that the client does not use the connection again.
    if (isClosing) outgoing.shouldKeepAlive = false;
    const connection = connections.get(socket);
    if (connection === undefined) return;
    connection.isNew = false;
    connection.responses += 1;
    outgoing.once('close', () => {
      connection.responses -= 1;
    });
  };
  server.prependListener('request', note);
  server.prependListener('checkExpectation', note);

  const acceptQueue = async (): Promise<void> => {
    for (let turn = 0; turn < MAX_TURNS; turn += 1) {
      const before = accepted;
      await nextTurn();
      if (accepted === before && turn > 0) return;
    }
  };
  const closeIdle = (newOnes: boolean): void => {
    for (const [socket, { responses, isNew }] of connections)
      if (responses === 0 && (newOnes || !isNew)) socket.destroy();
  };

  return {
    close: async (graceMs) => {
      isClosing = true;
      await acceptQueue();
      await new Promise<void>((closed) => {
        let patience = FIRST_REQUEST_MS;
        let disarm = (): void => undefined;
        let isClosed = false;
        const look = (): void => {
          if (isClosed) return;
          closeIdle(patience <= 0);
          patience -= IDLE_CHECK_MS;
          // Directly after the turn's input was read: a request that has arrived is noticed.
          disarm = wall.after(IDLE_CHECK_MS, () => void nextTurn().then(look));
        };
        const cut = wall.after(graceMs, () => server.closeAllConnections());
        stopListening(server, () => {
          isClosed = true;
          disarm();
          cut();
          closed();
        });
        look();
      });
      // Ends the server's timer.
      server.close();
    },
  };
};
