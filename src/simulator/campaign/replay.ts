/**
 * Rebuilds an account's campaigns from what is kept of them: the seed, the commands with their times, and how many
 * events have come out.
 *
 * @module
 */
import { nextTurn } from '../../domain/event-loop.ts';
import { SnapshotError, invalidSnapshot } from '../../domain/snapshot-error.ts';
import type { AccountDump, StoredCommand } from '../../storage/store.ts';
import { carryOut, type Bench, type Command } from './commands.ts';
import { createSimulation } from './simulation.ts';
import { readStoredCommand } from './stored-command.ts';
import type { Zones } from './zone.ts';

/** Steps between two yields to the event loop, about 10 ms. */
const STEPS_PER_SLICE = 1024;
/** A command adds up to 100 leads. */
const COMMANDS_PER_SLICE = 32;

/** Runs a simulation up to the point where this many events have come out. */
const runUntil = async ({ simulation }: Bench, emitted: number): Promise<void> => {
  let steps = 0;
  while (simulation.emitted() < emitted && simulation.next(Infinity) !== null) {
    if ((steps += 1) % STEPS_PER_SLICE === 0) await nextTurn();
  }
};

/**
 * @param read how a command's body is read
 * @param at called with the index of each command before it is carried out
 * @throws {Problem} for a command that cannot be carried out: what is kept is damaged
 */
export const replay = async (
  bench: Bench,
  commands: readonly StoredCommand[],
  emitted: number,
  read: (body: string) => Command = (body) => JSON.parse(body) as Command,
  at: (index: number) => void = () => undefined,
): Promise<void> => {
  for (const [index, command] of commands.entries()) {
    at(index);
    await runUntil(bench, command.emitted);
    carryOut(bench, read(command.body), command.at);
    if (index % COMMANDS_PER_SLICE === COMMANDS_PER_SLICE - 1) await nextTurn();
  }
  await runUntil(bench, emitted);
};

type Row = Readonly<Record<string, unknown>>;

const wholeNumber = (row: Row, column: string, where: string): number => {
  const value = row[column];
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw invalidSnapshot(`${where}.${column}`, 'must be a non-negative integer');
};

const readRow = (row: Row, where: string): StoredCommand & { readonly number: number } => ({
  number: wholeNumber(row, 'number', where),
  at: wholeNumber(row, 'done_at', where),
  emitted: wholeNumber(row, 'emitted', where),
  body: String(row['body']),
});

const messageOf = (error: unknown): string => {
  // JSON.parse quotes what it reads, and anything may be in it.
  if (error instanceof SyntaxError) return 'it is not JSON';
  return error instanceof Error ? error.message.replace(/\.$/u, '') : String(error);
};

/**
 * Replays a snapshot's campaigns beside the account's own.
 *
 * @param seed of the account that it is loaded into: snapshots before version 3 name none
 * @throws {SnapshotError} when it could not be replayed once it was loaded
 */
export const checkReplay = async (
  { version, seed: own, tables }: AccountDump,
  seed: number,
  zones: () => Promise<Zones>,
): Promise<void> => {
  const rows = (tables['command'] ?? []).map((row, index) => {
    const where = `tables.command[${index}]`;
    return { where, command: readRow(row, where) };
  });
  rows.sort((a, b) => a.command.number - b.command.number);
  const [progress] = tables['progress'] ?? [];
  const emitted =
    progress === undefined ? 0 : wholeNumber(progress, 'emitted', 'tables.progress[0]');
  const simulation = createSimulation(own ?? seed);
  let where = 'tables.progress';
  if (rows.length > 0) {
    const bench = { seed: own ?? seed, zones: await zones(), simulation };
    const commands = rows.map(({ command }) => command);
    try {
      await replay(bench, commands, emitted, readStoredCommand, (index) => {
        where = rows[index]?.where ?? where;
      });
    } catch (error) {
      if (error instanceof SnapshotError) throw error;
      const hint =
        own === undefined
          ? `; a snapshot of version ${version} contains no seed, so its campaigns can only be replayed with the same --seed`
          : '';
      throw invalidSnapshot(where, `cannot be replayed (${messageOf(error)})${hint}`);
    }
  }
  if (simulation.emitted() >= emitted) return;
  throw invalidSnapshot(
    'tables.progress[0].emitted',
    `is ${emitted}, but its campaigns have emitted only ${simulation.emitted()} events by then`,
  );
};
