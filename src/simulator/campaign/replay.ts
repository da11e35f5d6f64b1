/**
 * Rebuilds an account's campaigns from what is stored: the seed, the commands with their times, and the number of events
 * emitted so far.
 *
 * @module
 */
import { nextTurn } from '../../domain/event-loop.ts';
import { firstIn, placedSlicesOf, type Slices } from '../../domain/sliced-list.ts';
import { SnapshotError, invalidSnapshot } from '../../domain/snapshot-error.ts';
import type { AccountDump, DumpRow, StoredCommand } from '../../storage/store.ts';
import { execute, type CommandContext, type Command } from './commands.ts';
import { createSimulation } from './simulation.ts';
import { readStoredCommand } from './stored-command.ts';
import type { Zones } from './zone.ts';

/** Simulation steps between two yields to the event loop, about 10 ms. */
const STEPS_PER_SLICE = 1024;
/** Commands between two yields; one may add 100 leads. */
const COMMANDS_PER_SLICE = 32;

/** Run the simulation until this many events were emitted. */
const runUntil = async ({ simulation }: CommandContext, emitted: number): Promise<void> => {
  let steps = 0;
  while (simulation.emitted() < emitted && simulation.next(Infinity) !== null) {
    if ((steps += 1) % STEPS_PER_SLICE === 0) await nextTurn();
  }
};

/**
 * Run all commands, and the events between them. Yields to the event loop.
 *
 * @param read parses a command's body
 * @param at called with each command before it is executed
 * @throws {Problem} for a command that cannot be executed: the stored rows are damaged
 */
export const replay = async <Stored extends StoredCommand>(
  context: CommandContext,
  commands: Iterable<Stored> | AsyncIterable<Stored>,
  emitted: number,
  read: (body: string) => Command = (body) => JSON.parse(body) as Command,
  at: (command: Stored) => void = () => undefined,
): Promise<void> => {
  let executed = 0;
  for await (const command of commands) {
    at(command);
    await runUntil(context, command.emitted);
    execute(context, read(command.body), command.at);
    executed += 1;
    if (executed % COMMANDS_PER_SLICE === 0) await nextTurn();
  }
  await runUntil(context, emitted);
};

type Row = Readonly<Record<string, unknown>>;

const wholeNumber = (row: Row, column: string, where: string): number => {
  const value = row[column];
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw invalidSnapshot(`${where}.${column}`, 'must be a non-negative integer');
};

/** A command with its number and its place in the snapshot. */
interface PlacedCommand extends StoredCommand {
  readonly number: number;
  readonly where: string;
}

const readRow = (row: Row, where: string): PlacedCommand => ({
  where,
  number: wholeNumber(row, 'number', where),
  at: wholeNumber(row, 'done_at', where),
  emitted: wholeNumber(row, 'emitted', where),
  body: String(row['body']),
});

async function* readRows(rows: Slices<DumpRow>): AsyncGenerator<PlacedCommand> {
  for await (const { from, items } of placedSlicesOf(rows)) {
    for (const [index, row] of items.entries()) {
      yield readRow(row, `tables.command[${from + index}]`);
    }
  }
}

/** Characters of all commands: an account that is open has them in memory. 250,000 leads are a third of it. */
const MAX_COMMAND_CHARACTERS = 134_217_728;
/** Characters of commands that are kept to be sorted. Exported snapshots have them in order. */
const MAX_UNSORTED_CHARACTERS = 16_777_216;

/**
 * Checks the columns of all commands.
 *
 * @returns the commands in the order of their numbers
 */
const commandsIn = async (
  rows: Slices<DumpRow>,
): Promise<Iterable<PlacedCommand> | AsyncIterable<PlacedCommand>> => {
  let isSorted = true;
  let last = 0;
  let characters = 0;
  for await (const { number, body } of readRows(rows)) {
    isSorted &&= number >= last;
    last = number;
    characters += body.length;
  }
  if (characters > MAX_COMMAND_CHARACTERS) {
    throw invalidSnapshot('tables.command', `has more than ${MAX_COMMAND_CHARACTERS} characters`);
  }
  if (isSorted) return readRows(rows);
  if (characters > MAX_UNSORTED_CHARACTERS) {
    throw invalidSnapshot('tables.command', 'must be in the order of the numbers');
  }
  const commands: PlacedCommand[] = [];
  for await (const command of readRows(rows)) commands.push(command);
  return commands.sort((a, b) => a.number - b.number);
};

const messageOf = (error: unknown): string => {
  // JSON.parse quotes its input, which may contain secrets.
  if (error instanceof SyntaxError) return 'invalid JSON';
  return error instanceof Error ? error.message.replace(/\.$/u, '') : String(error);
};

/**
 * Replay a snapshot's campaigns in a separate simulation, to check that it can be loaded.
 *
 * @param seed of the account that the snapshot is loaded into, for snapshots before version 3, which contain no seed
 * @throws {SnapshotError} if it cannot be replayed
 */
export const checkReplay = async (
  { version, seed: own, tables }: AccountDump,
  seed: number,
  zones: () => Promise<Zones>,
): Promise<void> => {
  const rows = tables['command'] ?? [];
  const commands = await commandsIn(rows);
  const progress = await firstIn(tables['progress'] ?? []);
  const emitted =
    progress === undefined ? 0 : wholeNumber(progress, 'emitted', 'tables.progress[0]');
  const simulation = createSimulation(own ?? seed);
  let where = 'tables.progress';
  if (rows.length > 0) {
    const context = { seed: own ?? seed, zones: await zones(), simulation };
    try {
      await replay(context, commands, emitted, readStoredCommand, (command) => {
        ({ where } = command);
      });
    } catch (error) {
      if (error instanceof SnapshotError) throw error;
      const hint =
        own === undefined
          ? `; a snapshot of version ${version} contains no seed, so its campaigns load only into an account with the same seed`
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
