/**
 * Options of `verify` that choose what is sent, from flags and the config file.
 *
 * @module
 */
import { resolve } from 'node:path';
import type { EventType } from '../../../schemas/contract.ts';
import type { VerifyOptions } from '../../conformance/options.ts';
import type { Terminal } from '../terminal.ts';
import { findEventType } from '../event-data.ts';
import { loadExamples, type ConfigFile } from './config-file.ts';
import { listOf, type VerifyFlags } from './settings.ts';

type Input = Pick<VerifyOptions, 'thorough' | 'events' | 'leadEmail' | 'examples'>;

/** `replied` is `email.replied`. The suite names what is no event type. */
const wholeName = (name: string): EventType => findEventType(name) ?? (name as EventType);

/** The suite checks event types and addresses itself. */
export const inputOptionsOf = async (
  flags: VerifyFlags,
  { config, folder }: ConfigFile,
  terminal: Terminal,
): Promise<Input> => {
  const events = flags.events ?? config.events;
  const inFile = config.examples === undefined ? undefined : resolve(folder, config.examples);
  const examples = flags.examples ?? inFile;
  return {
    thorough: flags.thorough ?? config.thorough,
    events: events === undefined ? undefined : listOf(events).map(wholeName),
    leadEmail: flags.leadEmail ?? config.leadEmail,
    examples: examples === undefined ? undefined : await loadExamples(examples, terminal),
  };
};
