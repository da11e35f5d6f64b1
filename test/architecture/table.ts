/**
 * Who may import whom, as data. The folders of `src/` and `schemas/` are rooms; a room may import
 * itself, the rooms named here and the single files named here. Type-only imports count.
 *
 * @module
 */

/** A room's right to import: other rooms by name, single files by path. */
export interface Room {
  readonly name: string;
  /** Rooms (by name) or files (by path from the root). */
  readonly may: readonly string[];
}

/** The import table: nothing that is not listed is allowed. */
export const ROOMS: readonly Room[] = [
  { name: 'schemas', may: [] },
  { name: 'clock', may: [] },
  { name: 'codegen', may: [] },
  { name: 'domain', may: ['schemas'] },
  { name: 'signature', may: ['schemas', 'domain'] },
  { name: 'postgres', may: ['domain'] },
  { name: 'storage', may: ['domain', 'postgres'] },
  { name: 'engine', may: ['domain', 'signature', 'clock', 'src/storage/store.ts'] },
  { name: 'simulator', may: ['domain', 'engine'] },
  {
    name: 'cluster',
    may: ['domain', 'postgres', 'src/clock/port.ts', 'src/engine/engine.ts'],
  },
  { name: 'deliveries', may: ['schemas', 'src/domain/glob.ts'] },
  { name: 'client', may: ['schemas', 'domain'] },
  {
    name: 'inspector',
    may: ['schemas', 'client', 'deliveries', 'src/domain/defaults.ts', 'src/domain/shell.ts'],
  },
  { name: 'conformance', may: ['schemas', 'domain', 'signature', 'clock', 'client'] },
  {
    name: 'server',
    may: [
      'package-file',
      'schemas',
      'domain',
      'deliveries',
      'signature',
      'engine',
      'simulator',
      'cluster',
      'src/clock/port.ts',
      'src/storage/store.ts',
    ],
  },
  {
    name: 'create-mock',
    may: [
      'schemas',
      'clock',
      'domain',
      'signature',
      'storage',
      'engine',
      'simulator',
      'client',
      'cluster',
      'conformance',
      'server',
      'mock-options',
      'suite-verifier',
    ],
  },
  {
    name: 'suite-verifier',
    may: ['domain', 'client', 'conformance', 'src/server/verifications/port.ts'],
  },
  { name: 'package-file', may: [] },
  { name: 'mock-options', may: ['schemas', 'clock', 'domain', 'engine', 'server'] },
  {
    name: 'deliver-once',
    may: ['schemas', 'clock', 'domain', 'signature', 'engine', 'simulator'],
  },
  {
    name: 'cli',
    may: [
      'create-mock',
      'mock-options',
      'deliver-once',
      'conformance',
      'client',
      'deliveries',
      'package-file',
      'package.json',
    ],
  },
  {
    name: 'vitest',
    may: ['schemas', 'domain', 'signature', 'create-mock', 'mock-options', 'conformance', 'client'],
  },
  { name: 'testcontainers', may: ['client', 'src/domain/defaults.ts'] },
  { name: 'index', may: ['create-mock', 'mock-options', 'client'] },
];

/** An import that the table does not give, allowed for a reason. Unused ones fail the test. */
export interface Grant {
  readonly from: string;
  readonly to: string;
  readonly reason: string;
}

/** Imports beyond the table. `from` is a room or a file, `to` likewise. */
export const GRANTS: readonly Grant[] = [
  ...['report-view/report.ts', 'report-view/text.ts', 'report.ts'].map((file) => ({
    from: 'inspector',
    to: `src/conformance/${file}`,
    reason: 'the report is shown by the view that the HTML report is made of',
  })),
  {
    from: 'engine',
    to: 'schemas/contract.ts',
    reason: 'the time limit, the delays and what counts as success come from the spec',
  },
  {
    from: 'simulator',
    to: 'schemas',
    reason: 'generated data is typed by the generated schemas and checked against them',
  },
  {
    from: 'simulator',
    to: 'src/storage/store.ts',
    reason: 'what was done to campaigns is kept through the port, as deliveries are',
  },
  {
    from: 'cli',
    to: 'domain',
    reason: 'times and spans in flags follow pure rules',
  },
  {
    from: 'cli',
    to: 'src/engine/delivery/probe.ts',
    reason: 'serve looks whether the receiver listens, under the same guard as deliveries',
  },
  {
    from: 'cli',
    to: 'signature',
    reason: 'sign and check-signature are pure rules behind a command',
  },
  {
    from: 'cli',
    to: 'schemas',
    reason: 'the names of events and of the header that commands take and print come from the spec',
  },
];

/** Files whose job is to re-export: the package's public entries. */
export const PUBLIC_ENTRIES: readonly string[] = [
  'src/index.ts',
  'src/vitest/index.ts',
  'src/testcontainers/index.ts',
  'src/conformance/index.ts',
  'schemas/index.ts',
  'schemas/strict.ts',
];

/** The only files that may pick an adapter, and what counts as one. */
export const COMPOSITION_ROOTS: readonly string[] = [
  'src/create-mock.ts',
  'src/deliver-once.ts',
  'src/conformance/verify.ts',
  'src/conformance/hooks/http-hooks.ts',
];

/** Ports and their adapters: outside its own folder, an adapter is seen by the root only. */
export const ADAPTERS: readonly { readonly port: string; readonly adapters: RegExp }[] = [
  { port: 'src/storage/store.ts', adapters: /^src\/storage\/(?!store\.ts$)/u },
  { port: 'src/clock/port.ts', adapters: /^src\/clock\/system\.ts$/u },
];

/** A file that may read the machine's clock or sleep on it, and why. */
export interface AmbientTime {
  /** A file, or a folder when it ends in `/`. */
  readonly path: string;
  readonly reason: string;
}

/** Everything else gets `now` as an argument. */
export const AMBIENT_TIME: readonly AmbientTime[] = [
  { path: 'src/clock/', reason: 'it is the clock' },
  {
    path: 'src/inspector/',
    reason: 'it runs in a browser: reconnects, debounces and animates in real time',
  },
  {
    path: 'src/cli/commands/health.ts',
    reason: 'it watches a process, which lives in real time',
  },
  {
    path: 'src/cli/verify/exec/',
    reason: 'it starts and watches processes, which live in real time',
  },
  {
    path: 'src/cli/verify/watch/',
    reason: 'it waits for editors and for receivers that restart themselves',
  },
  {
    path: 'src/cli/connect.ts',
    reason: 'it waits for a rate limit, which is in real time',
  },
  {
    path: 'src/cli/progress.ts',
    reason: 'a person waits in real time',
  },
  {
    path: 'src/cli/scenario/run.ts',
    reason: "it waits for a sandbox's clock, which runs on its own",
  },
  {
    path: 'src/storage/postgres/writer.ts',
    reason: 'it waits for a database server that is restarting',
  },
  {
    path: 'src/conformance/net/stopwatch.ts',
    reason: 'how fast a receiver really is, to fractions of a millisecond',
  },
];

/** Files that may import what no reader can name, and why. */
export const COMPUTED_IMPORTS: readonly { readonly path: string; readonly reason: string }[] = [
  {
    path: 'src/server/inspector/assets.ts',
    reason: 'in a checkout it builds the page with a tool that the package does not contain',
  },
  { path: 'src/cli/bin.js', reason: 'it starts the source or the bundle, whichever there is' },
  { path: 'src/cli/verify/config-file.ts', reason: 'the user names the module' },
];

/** Sizes of hand-written source, in lines. */
export const SIZES = { percentile: 95, belowAtPercentile: 250, most: 400 } as const;
