/**
 * What every handler can rely on.
 *
 * @module
 */
import type { Context } from 'hono';
import type { SystemClock } from '../clock/port.ts';
import type { AccountEngine, Engine, EventToPublish } from '../engine/engine.ts';
import type { ProfileName, TriggerRequest } from '../../schemas/sandbox.ts';
import type { StoreHealth } from '../storage/store.ts';
import type { Campaigns } from '../simulator/campaigns.ts';

/** What a trigger asks for, made complete. */
export interface Prepared {
  readonly events: readonly EventToPublish[];
  /** What the caller should know, e.g. of fields that the contract does not name. */
  readonly notice: string | null;
}

export interface ServerOptions {
  readonly engine: Engine;
  readonly store: StoreHealth;
  readonly wall: SystemClock;
  /** Makes a trigger's events complete; throws a `Problem` when they cannot be. */
  readonly prepare: (account: AccountEngine, request: TriggerRequest) => Promise<Prepared>;
  /** The campaigns of an account. */
  readonly campaigns: (account: AccountEngine) => Campaigns;
  /** How the leads of a new campaign behave. */
  readonly defaultProfile: ProfileName;
  /** Whether the provider's limits hold. */
  readonly rateLimit: boolean;
  /** The address that the server is bound to. */
  readonly host: string;
  readonly allowedHosts: readonly string[];
  /** Aborted when the server closes: what stays open for long ends. */
  readonly closing: AbortSignal;
}

export interface Env {
  Variables: {
    requestId: string;
    /** Set for `/v1` and `/_sandbox`. */
    account: AccountEngine;
    /** Time that the answer's `meta` shows. */
    now: () => number;
  };
}

export type Ctx = Context<Env>;
