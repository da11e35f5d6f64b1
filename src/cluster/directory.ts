/**
 * Port for the directory of accounts: which node of a sandbox serves which account.
 *
 * Each account has at most one owner at a time. Only the owner opens the account, because its clock, ids, seeds and fault
 * draws are sequences that one place must draw. Any node answers any request: one that is not the owner forwards it. An
 * epoch is the number of an ownership. It grows with every change of owner, and every write to the store is checked
 * against it, so a node that lost an account without noticing cannot change it.
 *
 * @module
 */

/** Who owns an account. */
export type Owner =
  | { readonly node: 'self'; readonly epoch: number }
  | { readonly node: string; readonly url: string };

export interface AccountDirectory {
  /** The owner of an account. Takes the account if it has no owner. */
  locate(keyHash: string): Promise<Owner>;
  /** Forget what is known about the owner. Call it after the owner did not answer. */
  forget(keyHash: string): void;
  /** Whether a node was not declared dead, and has not left. */
  isAlive(node: string): Promise<boolean>;
  /** Whether this node owns the account now. */
  holds(keyHash: string): boolean;
  /** Call `listener` when ownership ended here: the account must be closed without writing. @returns a function that removes it */
  onLost(listener: (keyHash: string) => void): () => void;
  /**
   * Call `listener` when an account was taken because it had work and no owner: it must be opened. Further ones are taken
   * once its promise has resolved, so that all nodes get a share.
   *
   * @returns a function that removes it
   */
  onTaken(listener: (keyHash: string) => Promise<void>): () => void;
  /** Call `listener` when accounts may have got another owner. @returns a function that removes it */
  onChange(listener: () => void): () => void;
  /** Give an account up. Call it after the account was closed here. */
  release(keyHash: string): Promise<void>;
  /** This node. `node` changes when it was declared dead and joins again. `url` is the address that other nodes reach it at. */
  readonly self: { readonly node: string; readonly url: string };
  /** Metrics since the directory was opened. */
  figures(): { readonly held: number; readonly takeovers: number; readonly refusals: number };
  start(): Promise<void>;
  /**
   * Take no more accounts: {@link locate} names another node for an account without an owner. If this is the only one, it
   * still takes them. Accounts that this node owns stay until they are released.
   *
   * @returns whether there is another node
   */
  leave(): Promise<boolean>;
  /** Release all accounts and leave the cluster. */
  stop(): Promise<void>;
}
