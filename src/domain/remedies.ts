/**
 * Remedies that change the configuration of the sandbox itself. The core only identifies them, because it does not know how
 * it is configured: each entry point words them with its own names, the package with options, the command with flags.
 *
 * @module
 */

/** What the user can change about the sandbox so that a failed attempt succeeds. */
export type ConfigRemedy = 'allow_public_targets' | 'trust_certificate';

/** The text of each remedy: a clause in the imperative, without a full stop. */
export type RemedyTexts = Readonly<Record<ConfigRemedy, string>>;

/** The texts for a sandbox, which has a server, too. */
export interface SandboxRemedyTexts extends RemedyTexts {
  /** Adds a host name that the server responds to. */
  readonly allow_host: (name: string) => string;
}
