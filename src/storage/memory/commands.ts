/**
 * Campaign commands, and the number of events that the campaigns have emitted.
 *
 * @module
 */
import type { CampaignStore } from '../store.ts';
import { saveResponse } from './responses.ts';
import { dataOf, type State } from './state.ts';

export const createCommands = (state: State): CampaignStore => ({
  appendCommand: async (account, { at, emitted, body }, remember) => {
    const data = dataOf(state, account);
    if (remember !== undefined) saveResponse(data, remember());
    data.commands.push({ at, emitted, body });
  },
  commands: async (account) => [...dataOf(state, account).commands],
  emitted: async (account) => dataOf(state, account).emitted,
  saveEmitted: async (account, emitted) => {
    dataOf(state, account).emitted = emitted;
  },
});
