/**
 * Campaign commands, and the number of events that the campaigns have emitted.
 *
 * @module
 */
import type { CampaignStore, StoredCommand } from '../store.ts';
import type { Context } from './context.ts';
import { saveResponse } from './responses.ts';
import { all, first, run, statement } from '../../postgres/session.ts';

const APPEND = statement(
  `INSERT INTO command (part, number, done_at, emitted, body)
   SELECT $1, coalesce(max(number), 0) + 1, $2, $3, $4 FROM command WHERE part = $1`,
);
const ALL = statement(
  'SELECT done_at AS at, emitted, body FROM command WHERE part = $1 ORDER BY number',
);
const EMITTED = statement('SELECT emitted FROM part WHERE part = $1');
const SAVE = statement('UPDATE part SET emitted = $2 WHERE part = $1');

export const createCommands = ({ reader, view, change }: Context): CampaignStore => ({
  appendCommand: (account, { at, emitted, body }, remember) =>
    change(account, async ({ session, state }) => {
      await run(session, APPEND, [state.part, at, emitted, body]);
      if (remember !== undefined) await saveResponse(session, state.part, remember());
    }),
  commands: async (account) => {
    const { part } = await view(account);
    return all<StoredCommand & Record<string, unknown>>(reader, ALL, [part]);
  },
  emitted: async (account) => {
    const { part } = await view(account);
    return (await first<{ emitted: number | null }>(reader, EMITTED, [part]))?.emitted ?? 0;
  },
  saveEmitted: (account, emitted) =>
    change(account, async ({ session, state }) => {
      await run(session, SAVE, [state.part, emitted]);
    }),
});
