/**
 * Runs a Node receiver, and gives the conformance suite every hook: a restart throws away all but the disk.
 *
 * @module
 */
import { createServer, type RequestListener, type Server } from 'node:http';
import { kill, open, PATH, type RunningReceiver } from '../receiver.ts';
import { emptyDisk, leadState, recoverDeadLetters, Store } from './store.ts';

/** A receiver in one stack: what `createServer` takes. */
export type Build = (secret: string, store: Store) => RequestListener | Promise<RequestListener>;

export const run = async (build: Build, secret: string): Promise<RunningReceiver> => {
  const disk = emptyDisk();
  let store: Store;
  let server: Server;
  let port = 0;
  const start = async (): Promise<void> => {
    store = new Store(disk);
    server = createServer(await build(secret, store));
    port = await open(server, port);
  };
  const stop = async (): Promise<void> => {
    store.lose();
    await kill(server);
  };
  await start();
  return {
    url: `http://127.0.0.1:${port}${PATH}`,
    processed: async () => disk.effects,
    hooks: {
      effects: async (id) => disk.effects.filter((one) => one === id).length,
      state: async (email) => leadState(disk, email),
      fault: async (failing) => {
        disk.crmDown = failing;
      },
      restart: async () => {
        await stop();
        await start();
      },
      recover: (from) => recoverDeadLetters(from, store),
    },
    [Symbol.asyncDispose]: stop,
  };
};
