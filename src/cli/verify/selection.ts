/**
 * Checks that flags and config file select.
 *
 * @module
 */
import type { VerifyConfig } from '../../conformance/config.ts';
import type { Selection } from '../../conformance/run/select.ts';
import { listOf, type VerifyFlags } from './settings.ts';
import { wholeNames } from './short-names.ts';

/** @throws {UsageError} for a name that is near a check's, but none */
export const selectionOf = (flags: VerifyFlags, config: VerifyConfig): Required<Selection> => ({
  only: wholeNames(listOf(flags.only ?? config.only), '--only'),
  skip: wholeNames(listOf(flags.skip ?? config.skip), '--skip'),
});
