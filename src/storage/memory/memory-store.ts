/**
 * State in this process's memory, gone with it: plain objects, because a database in memory costs a third of a
 * delivery's time.
 *
 * @module
 */
import { createAccounts, createAnswers } from './accounts.ts';
import { createCommands } from './commands.ts';
import { createDeadLetters } from './dead-letters.ts';
import { createHistory } from './history.ts';
import { homeFrom } from './load.ts';
import { createQueue } from './queue.ts';
import { exportOf } from './save.ts';
import { accountOf, checkOpen, closeState, createState, replaceHome } from './state.ts';
import { createWebhooks } from './webhooks.ts';
import { checkAllRows, checkTables } from '../rows/dump-check.ts';
import type { Store } from '../store.ts';

export const openMemoryStore = (): Store => {
  const state = createState();
  const history = createHistory(state);
  return {
    location: 'memory',
    ...createAccounts(state),
    ...createWebhooks(state),
    ...createQueue(state, history),
    ...history,
    ...createCommands(state),
    ...createDeadLetters(state),
    ...createAnswers(state),
    exportAccount: async (key) => exportOf(accountOf(state, key)),
    importAccount: async (key, dump) => {
      checkTables(dump);
      await checkAllRows(dump);
      const newKey = (): number => state.nextWebhook++;
      replaceHome(state, key, await homeFrom(dump, key, newKey));
      const record = accountOf(state, key);
      const { seed, opens } = record.account;
      record.account = {
        ...record.account,
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
