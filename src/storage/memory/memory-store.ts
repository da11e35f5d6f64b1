/**
 * Store in the memory of this process; nothing survives it. Plain objects, because an in-memory database would take a
 * third of the time of a delivery.
 *
 * @module
 */
import { createAccounts } from './accounts.ts';
import { createClaims } from './claims.ts';
import { createCommands } from './commands.ts';
import { createDeadLetters } from './dead-letters.ts';
import { exportOf } from './export.ts';
import { createHistory } from './history.ts';
import { dataFromSnapshot } from './import.ts';
import { createPublish, createRedeliver } from './publish.ts';
import { createRecording } from './recording.ts';
import { createResponses } from './responses.ts';
import { accountOf, checkOpen, closeState, createState, replaceData } from './state.ts';
import { createWebhooks } from './webhooks.ts';
import { checkAllRows, checkTables } from '../rows/dump-check.ts';
import type { Store } from '../store.ts';

/** Opens an empty store. Its medium cannot fail, so no method rejects with a `StoreFailure`. */
export const openMemoryStore = (): Store => {
  const state = createState();
  const history = createHistory(state);
  return {
    location: 'memory',
    ...createAccounts(state),
    ...createWebhooks(state),
    publish: createPublish(state),
    redeliver: createRedeliver(state, history),
    ...createClaims(state),
    recordAttempts: createRecording(state),
    ...history,
    ...createCommands(state),
    ...createDeadLetters(state),
    ...createResponses(state),
    exportAccount: async (key) => exportOf(accountOf(state, key)),
    importAccount: async (key, dump) => {
      await checkTables(dump);
      await checkAllRows(dump);
      const newKey = (): number => state.nextWebhook++;
      replaceData(state, key, await dataFromSnapshot(dump, key, newKey));
      const entry = accountOf(state, key);
      const { seed, opens } = entry.account;
      entry.account = {
        ...entry.account,
        clock: dump.clock,
        seed: dump.seed ?? seed,
        opens: Math.max(opens, dump.opens ?? 0),
      };
    },
    checkWritable: async () => checkOpen(state),
    onFailure: () => () => undefined,
    close: async () => closeState(state),
  };
};
