/**
 * Options of the server and variables that every handler can read.
 *
 * @module
 */
import type { Context } from 'hono';
import type { SystemClock } from '../clock/port.ts';
import type { AccountEngine, Engine, EventToPublish } from '../engine/engine.ts';
import type { ProfileName, TriggerRequest } from '../../schemas/sandbox.ts';
import type { StoreHealth } from '../storage/store.ts';
import type { Campaigns } from '../simulator/campaigns.ts';

/** The events of a trigger, with generated data filled in. */
export interface Prepared {
  readonly events: readonly EventToPublish[];
  /** Notice for the caller, for example about fields that are not in the contract. */
  readonly notice: string | null;
}

export interface ServerOptions {
  readonly engine: Engine;
  readonly store: StoreHealth;
  readonly wall: SystemClock;
  /** Complete the events of a trigger. Rejects with a `Problem` if the request is invalid. */
  readonly prepare: (account: AccountEngine, request: TriggerRequest) => Promise<Prepared>;
  /** The campaigns of an account. */
  readonly campaigns: (account: AccountEngine) => Campaigns;
  /** How the leads of a new campaign behave. */
  readonly defaultProfile: ProfileName;
  /** True to enforce the provider's rate limits. */
  readonly rateLimit: boolean;
  /** The address that the server is bound to. */
  readonly host: string;
  readonly allowedHosts: readonly string[];
  /** Aborted when the server closes, to end long-running requests. */
  readonly closing: AbortSignal;
}

export interface Env {
  Variables: {
    requestId: string;
    /** Set for `/v1` and `/_sandbox`. */
    account: AccountEngine;
    /** Time for `meta` of the response: the account's clock, or real time without an account. */
    now: () => number;
  };
}

export type Ctx = Context<Env>;
