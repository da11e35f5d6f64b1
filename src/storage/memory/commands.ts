/**
 * What was done to an account's campaigns, and how far their events have come.
 *
 * @module
 */
import type { CampaignStore } from '../store.ts';
import { keepAnswer } from './accounts.ts';
import { homeOf, type State } from './state.ts';

export const createCommands = (state: State): CampaignStore => ({
  appendCommand: async (account, { at, emitted, body }, remember) => {
    const home = homeOf(state, account);
    if (remember !== undefined) keepAnswer(home, remember());
    home.commands.push({ at, emitted, body });
  },
  commands: async (account) => [...homeOf(state, account).commands],
  emitted: async (account) => homeOf(state, account).emitted,
  saveEmitted: async (account, emitted) => {
    homeOf(state, account).emitted = emitted;
  },
});
